"""Reads a changelog back into the stores of newly owned partitions, in bulk, up to what has been committed."""

from collections.abc import Callable, Mapping, Sequence

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from revloop.streams.clients import heals
from revloop.streams.settings import ClientConfig
from revloop.streams.states import Change, PartitionStates

READ_RECORDS = 10_000
READ_WAIT_S = 0.1
ENDS_WITHIN_S = 10.0


def recover(topic: str, stores: Mapping[int, PartitionStates], client: ClientConfig, turned: Callable[[], None]) -> int:
    """Bring each store up to the changelog's end; gives the number of records read. Raises KafkaException, LookupError.

    ``turned`` is called between reads; what it raises ends the recovery, and the next one goes on from where it was.

    The end is the high watermark, read with read_committed: the last stable offset would miss a transaction whose
    markers are not written yet while its input offsets already count.
    """
    ends = _ends(topic, list(stores), client)
    for partition, store in stores.items():
        if store.position > ends[partition]:
            store.wipe()  # the changelog was made anew: the store belongs to its former life
    todo = {partition for partition, store in stores.items() if store.position < ends[partition]}
    return _Reading(topic, stores, ends, todo).run(client, turned) if todo else 0


def _ends(topic: str, partitions: Sequence[int], client: ClientConfig) -> dict[int, int]:
    wanted = {TopicPartition(topic, partition): OffsetSpec.latest() for partition in partitions}
    admin = AdminClient(dict(client))  # held by name: its futures die with it
    found = admin.list_offsets(
        wanted, isolation_level=IsolationLevel.READ_UNCOMMITTED, request_timeout=ENDS_WITHIN_S / 2
    )
    try:
        return {tp.partition: int(future.result(ENDS_WITHIN_S).offset) for tp, future in found.items()}
    except KafkaException as error:
        if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise LookupError(f"{topic} is not there: create the topics with `revloop topics apply`") from error
        raise


class _Reading:
    """One pass over the changelog of several partitions."""

    def __init__(
        self, topic: str, stores: Mapping[int, PartitionStates], ends: Mapping[int, int], todo: set[int]
    ) -> None:
        self._topic = topic
        self._stores = stores
        self._ends = ends
        self._todo = todo

    def run(self, client: ClientConfig, turned: Callable[[], None]) -> int:
        """Read until every partition has reached its end; gives the number of records."""
        reader = Consumer(
            {
                **client,
                "group.id": f"{self._topic}-recovery",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 20,
            }
        )
        places = [TopicPartition(self._topic, p, self._stores[p].position) for p in sorted(self._todo)]
        count = 0
        try:
            reader.assign(places)
            while self._todo:
                turned()
                count += self._take(reader.consume(READ_RECORDS, READ_WAIT_S))
        finally:
            reader.close()
        return count

    def _take(self, messages: Sequence[Message]) -> int:
        changes: dict[int, list[Change]] = {}
        positions: dict[int, int] = {}
        for message in messages:
            partition, offset = int(message.partition() or 0), int(message.offset() or 0)
            error = message.error()
            if error is None:
                changes.setdefault(partition, []).append((message.key() or b"", message.value()))
                positions[partition] = offset + 1
            elif error.code() == KafkaError._PARTITION_EOF:
                positions[partition] = max(offset, positions.get(partition, 0))
                if offset >= self._ends[partition]:
                    self._todo.discard(partition)
            elif not heals(error):
                raise KafkaException(error)
        for partition, position in positions.items():
            self._stores[partition].restore(changes.get(partition, ()), position)
        return sum(map(len, changes.values()))
