"""Creates the topics the spine needs and says what differs; never deletes, never changes a partition count."""

from collections.abc import Mapping, Sequence

import msgspec
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from revloop.contracts.failures import RevloopError
from revloop.contracts.generated.topics import PARTITIONS, TABLES, TOPICS
from revloop.contracts.times import DAY_MS
from revloop.contracts.topic import Topic

WAIT_S = 30.0
DEAD_RETENTION_MS = 30 * DAY_MS
MAX_MESSAGE_BYTES = 10 * 2**20


class TopicsFailed(RevloopError):
    """The broker refused a topic; the message says which and why."""


class TopicSpec(msgspec.Struct, frozen=True):
    """One topic as it should be."""

    name: str
    partitions: int
    config: Mapping[str, str]


class Report(msgspec.Struct):
    """What was done and what is otherwise than it should be."""

    created: list[str] = msgspec.field(default_factory=list)
    differences: list[str] = msgspec.field(default_factory=list)


def topic_specs() -> list[TopicSpec]:
    """Every topic of topics.yaml, its dead letters, and the changelogs."""
    specs = [TopicSpec(topic.name, PARTITIONS, _config(topic)) for topic in TOPICS.values()]
    dead = {
        "cleanup.policy": "delete",
        "retention.ms": str(DEAD_RETENTION_MS),
        "max.message.bytes": str(MAX_MESSAGE_BYTES),
    }
    specs += [TopicSpec(topic.dead, PARTITIONS, dead) for topic in TOPICS.values() if topic.dead]
    compact = {"cleanup.policy": "compact", "max.message.bytes": str(MAX_MESSAGE_BYTES)}
    return specs + [TopicSpec(table.changelog, PARTITIONS, compact) for table in TABLES.values()]


def _config(topic: Topic) -> dict[str, str]:
    config = {"max.message.bytes": str(MAX_MESSAGE_BYTES), "cleanup.policy": "compact" if topic.compact else "delete"}
    return config if topic.compact else {**config, "retention.ms": str(topic.retention_ms)}


def apply(
    specs: Sequence[TopicSpec],
    client: Mapping[str, str | int | float | bool],
    *,
    replication: int = 1,
    alter: bool = False,
) -> Report:
    """Create what is missing; report (and with ``alter`` change) configurations that differ. Raises TopicsFailed."""
    admin = AdminClient(dict(client))
    known = admin.list_topics(timeout=WAIT_S).topics
    report = Report()
    missing = [spec for spec in specs if spec.name not in known]
    _create(admin, missing, replication, report)
    for spec in specs:
        if spec.name in known and (count := len(known[spec.name].partitions)) != spec.partitions:
            report.differences.append(
                f"{spec.name}: {count} partitions, should have {spec.partitions}; create it anew under another name"
            )
    _compare(admin, [spec for spec in specs if spec.name in known], report, alter=alter)
    return report


def _create(admin: AdminClient, specs: Sequence[TopicSpec], replication: int, report: Report) -> None:
    if not specs:
        return
    wanted = [NewTopic(spec.name, spec.partitions, replication, config=dict(spec.config)) for spec in specs]
    for name, future in admin.create_topics(wanted, operation_timeout=WAIT_S).items():
        try:
            future.result(WAIT_S)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise TopicsFailed(f"topic {name} could not be created: {error.args[0].str()}") from error
        report.created.append(name)


def _compare(admin: AdminClient, specs: Sequence[TopicSpec], report: Report, *, alter: bool) -> None:
    if not specs:
        return
    resources = {spec.name: ConfigResource(ResourceType.TOPIC, spec.name) for spec in specs}
    found = admin.describe_configs(list(resources.values()), request_timeout=WAIT_S)
    present = {resource.name: future.result(WAIT_S) for resource, future in found.items()}
    for spec in specs:
        differing = {key: value for key, value in spec.config.items() if present[spec.name][key].value != value}
        for key, value in sorted(differing.items()):
            report.differences.append(f"{spec.name}: {key} is {present[spec.name][key].value}, should be {value}")
        if alter and differing:
            entries = [
                ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in differing.items()
            ]
            change = ConfigResource(ResourceType.TOPIC, spec.name, incremental_configs=entries)
            for future in admin.incremental_alter_configs([change]).values():
                future.result(WAIT_S)
