"""Creates the topics the spine needs and says what differs; never deletes, never changes a partition count."""

from collections.abc import Mapping, Sequence

import msgspec
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from revloop.contracts.failures import RevloopError
from revloop.contracts.generated.topics import PARTITIONS, TABLES, TOPICS
from revloop.contracts.times import DAY_MS
from revloop.contracts.topic import MAX_DEAD_LETTER_BYTES, MAX_MESSAGE_BYTES, Table, Topic
from revloop.kafka.answering import topics_of
from revloop.kafka.waiting import came_true

WAIT_S = 30.0
DEAD_RETENTION_MS = 30 * DAY_MS
AS_THE_CLUSTER_SAYS = -1
"""Replication: ``default.replication.factor`` of the brokers."""


class TopicsFailed(RevloopError):
    """The broker refused a topic or went away; the message says which, why, and what to do."""


class TopicSpec(msgspec.Struct, frozen=True):
    """One topic as it should be."""

    name: str
    partitions: int
    config: Mapping[str, str]


class Report(msgspec.Struct):
    """What was done and what is otherwise than it should be; ``altered`` names topics whose difference is gone."""

    created: list[str] = msgspec.field(default_factory=list)
    differences: list[str] = msgspec.field(default_factory=list)
    altered: list[str] = msgspec.field(default_factory=list)


def topic_specs() -> list[TopicSpec]:
    """Every topic of topics.yaml, its dead letters, and the changelogs."""
    return specs_of(list(TOPICS.values()), list(TABLES.values()))


def specs_of(topics: Sequence[Topic], tables: Sequence[Table]) -> list[TopicSpec]:
    """These topics, their dead letters, and the changelogs of these tables."""
    specs = [TopicSpec(topic.name, PARTITIONS, _config(topic)) for topic in topics]
    dead = {
        "cleanup.policy": "delete",
        "retention.ms": str(DEAD_RETENTION_MS),
        "max.message.bytes": str(MAX_DEAD_LETTER_BYTES),
    }
    specs += [TopicSpec(topic.dead, PARTITIONS, dead) for topic in topics if topic.dead]
    compact = {"cleanup.policy": "compact", "max.message.bytes": str(MAX_MESSAGE_BYTES)}
    return specs + [TopicSpec(table.changelog, PARTITIONS, compact) for table in tables]


def _config(topic: Topic) -> dict[str, str]:
    config = {"max.message.bytes": str(MAX_MESSAGE_BYTES), "cleanup.policy": "compact" if topic.compact else "delete"}
    return config if topic.compact else {**config, "retention.ms": str(topic.retention_ms)}


def apply(
    specs: Sequence[TopicSpec],
    client: Mapping[str, str | int | float | bool],
    *,
    replication: int = AS_THE_CLUSTER_SAYS,
    alter: bool = False,
    answer_s: float | None = None,
) -> Report:
    """Create what is missing; report (and with ``alter`` change) configurations that differ.

    Raises TopicsFailed, and NoBroker where nothing answers within ``answer_s``.
    """
    admin, known = topics_of(client, answer_s)
    missing = [spec for spec in specs if spec.name not in known]
    report = Report()
    if missing:
        report.created = _created(admin, missing, replication)
        _await_all(admin, missing)
    _compare(admin, [spec for spec in specs if spec.name not in report.created], report, alter=alter)
    return report


def _created(admin: AdminClient, specs: Sequence[TopicSpec], replication: int) -> list[str]:
    """Make topics; gives the names of those that nobody else made at the same moment."""
    wanted = [NewTopic(spec.name, spec.partitions, replication, config=dict(spec.config)) for spec in specs]
    created: list[str] = []
    for name, future in admin.create_topics(wanted, operation_timeout=WAIT_S).items():
        try:
            future.result(WAIT_S)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
                continue
            raise TopicsFailed(f"topic {name} could not be created: {_why(error)}") from error
        created.append(name)
    return created


def _await_all(admin: AdminClient, specs: Sequence[TopicSpec]) -> None:
    """Wait until brokers tell of topics that the controller has made: they hear of it a moment later."""
    names = {spec.name for spec in specs}
    if not came_true(lambda: names <= admin.list_topics(timeout=WAIT_S).topics.keys(), WAIT_S):
        raise TopicsFailed(f"not all of {sorted(names)} can be seen {WAIT_S:.0f} s after they were made: apply again.")


def _compare(admin: AdminClient, specs: Sequence[TopicSpec], report: Report, *, alter: bool) -> None:
    if not specs:
        return
    known = admin.list_topics(timeout=WAIT_S).topics
    resources = [ConfigResource(ResourceType.TOPIC, spec.name) for spec in specs]
    found = admin.describe_configs(resources, request_timeout=WAIT_S)
    try:
        present = {resource.name: future.result(WAIT_S) for resource, future in found.items()}
    except KafkaException as error:
        raise TopicsFailed(f"the topics' configurations could not be read: {_why(error)}: apply again.") from error
    for spec in specs:
        if (count := len(known[spec.name].partitions)) != spec.partitions:
            report.differences.append(
                f"{spec.name}: {count} partitions, should have {spec.partitions}; create it anew under another name"
            )
        is_now = {key: entry.value for key, entry in present[spec.name].items()}
        differing = {key: value for key, value in sorted(spec.config.items()) if is_now.get(key) != value}
        report.differences += [
            f"{spec.name}: {key} is {is_now.get(key)}, should be {differing[key]}" for key in differing
        ]
        if alter and differing:
            _alter(admin, spec.name, differing)
            report.altered.append(spec.name)


def _alter(admin: AdminClient, name: str, config: Mapping[str, str]) -> None:
    entries = [ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in config.items()]
    change = ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries)
    for future in admin.incremental_alter_configs([change]).values():
        try:
            future.result(WAIT_S)
        except KafkaException as error:
            raise TopicsFailed(f"topic {name} could not be altered: {_why(error)}") from error


def _why(error: KafkaException) -> str:
    return str(error.args[0].str())
