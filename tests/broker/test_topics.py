"""Topics are made as the table says, once; what differs is told, and changed only when asked; nothing is deleted."""

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from revloop.contracts.generated.topics import PARTITIONS, TABLES, TOPICS
from revloop.kafka.admin import TopicsFailed, TopicSpec, apply, topic_specs
from revloop.kafka.answering import NoBroker
from revloop.kafka.local import free_port_pair
from tests.broker.records import WAIT_S, create


def _partitions(bootstrap: str) -> dict[str, int]:
    topics = AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=WAIT_S).topics
    return {name: len(topic.partitions) for name, topic in topics.items()}


def _config(bootstrap: str, topic: str) -> dict[str, str]:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    [found] = admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]).values()
    return {key: entry.value for key, entry in found.result(WAIT_S).items()}


def test_the_table_is_applied_once(kafka: str) -> None:
    client = {"bootstrap.servers": kafka}
    before = _partitions(kafka)
    first = apply(topic_specs(), client)
    assert sorted(first.created) == sorted(spec.name for spec in topic_specs() if spec.name not in before)
    again = apply(topic_specs(), client)
    assert (again.created, again.differences, again.altered) == ([], [], [])


def test_the_table_holds_every_topic_dead_letter_and_changelog(kafka: str) -> None:
    apply(topic_specs(), {"bootstrap.servers": kafka})
    found = _partitions(kafka)
    wanted = {*TOPICS, *(topic.dead for topic in TOPICS.values() if topic.dead)}
    wanted |= {table.changelog for table in TABLES.values()}
    assert {name: found.get(name) for name in wanted} == dict.fromkeys(wanted, PARTITIONS)
    for table in TABLES.values():
        assert _config(kafka, table.changelog)["cleanup.policy"] == "compact"
    for topic in TOPICS.values():
        assert _config(kafka, topic.name)["cleanup.policy"] == ("compact" if topic.compact else "delete")


def test_a_partition_count_is_told_and_never_changed(kafka: str) -> None:
    create(kafka, "narrow", partitions=3)
    report = apply([TopicSpec("narrow", 12, {})], {"bootstrap.servers": kafka}, alter=True)
    assert report.differences == ["narrow: 3 partitions, should have 12; create it anew under another name"]
    assert (report.created, report.altered) == ([], [])
    assert _partitions(kafka)["narrow"] == 3


def test_a_configuration_is_told_and_changed_only_when_asked(kafka: str) -> None:
    client = {"bootstrap.servers": kafka}
    apply([TopicSpec("kept", 1, {"retention.ms": "1000000"})], client)
    longer = [TopicSpec("kept", 1, {"retention.ms": "2000000"})]
    assert apply(longer, client).differences == ["kept: retention.ms is 1000000, should be 2000000"]
    assert _config(kafka, "kept")["retention.ms"] == "1000000"
    assert apply(longer, client, alter=True).altered == ["kept"]
    assert _config(kafka, "kept")["retention.ms"] == "2000000"
    assert apply(longer, client).differences == []


def test_what_the_table_does_not_know_stays(kafka: str) -> None:
    create(kafka, "somebody-elses")
    apply(topic_specs(), {"bootstrap.servers": kafka}, alter=True)
    assert _partitions(kafka)["somebody-elses"] == 1


def test_a_refused_topic_is_named(kafka: str) -> None:
    with pytest.raises(TopicsFailed, match=r"topic odd could not be created: .*cleanup.policy"):
        apply([TopicSpec("odd", 1, {"cleanup.policy": "sometimes"})], {"bootstrap.servers": kafka})


def test_more_replicas_than_brokers_are_refused(kafka: str) -> None:
    with pytest.raises(TopicsFailed, match="replication"):
        apply([TopicSpec("thrice", 1, {})], {"bootstrap.servers": kafka}, replication=3)


def test_a_cluster_that_is_away_is_said() -> None:
    client = {"bootstrap.servers": f"127.0.0.1:{free_port_pair()}"}
    with pytest.raises(NoBroker, match=r"refused.*KAFKA_BOOTSTRAP_SERVERS"):
        apply([], client, answer_s=1)
