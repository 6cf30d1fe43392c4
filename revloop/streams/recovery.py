"""Reads a changelog back into the stores of newly owned partitions, in bulk, up to what has been committed."""

from collections.abc import Callable, Mapping

from confluent_kafka import Consumer, IsolationLevel, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from revloop.streams.settings import ClientConfig
from revloop.streams.states import PartitionStates

READ_RECORDS = 10_000


def recover(topic: str, stores: Mapping[int, PartitionStates], client: ClientConfig, turned: Callable[[], None]) -> int:
    """Bring each store up to the changelog's end; gives the number of records read.

    The end is the high watermark, read with read_committed: the last stable offset would miss a transaction whose
    markers are not written yet while its input offsets already count.
    """
    ends = _ends(topic, list(stores), client)
    for partition, store in stores.items():
        if store.position > ends[partition]:
            store.wipe()  # the changelog was made anew: the store belongs to its former life
    todo = {partition for partition, store in stores.items() if store.position < ends[partition]}
    if not todo:
        return 0
    reader = Consumer(
        {
            **client,
            "group.id": f"{topic}-recovery",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 20,
        }
    )
    try:
        reader.assign([TopicPartition(topic, partition, stores[partition].position) for partition in sorted(todo)])
        return _read(reader, stores, ends, todo, turned)
    finally:
        reader.close()


def _ends(topic: str, partitions: list[int], client: ClientConfig) -> dict[int, int]:
    wanted = {TopicPartition(topic, partition): OffsetSpec.latest() for partition in partitions}
    admin = AdminClient(dict(client))  # held by name: its futures die with it
    found = admin.list_offsets(wanted, isolation_level=IsolationLevel.READ_UNCOMMITTED)
    return {tp.partition: int(future.result(30).offset) for tp, future in found.items()}


def _read(
    reader: Consumer,
    stores: Mapping[int, PartitionStates],
    ends: Mapping[int, int],
    todo: set[int],
    turned: Callable[[], None],
) -> int:
    count = 0
    while todo:
        turned()
        batches: dict[int, list[tuple[bytes, bytes | None]]] = {}
        positions: dict[int, int] = {}
        for message in reader.consume(READ_RECORDS, 0.1):
            partition, offset = int(message.partition() or 0), int(message.offset() or 0)
            error = message.error()
            if error is None:
                batches.setdefault(partition, []).append((message.key() or b"", message.value()))
                positions[partition] = offset + 1
            elif error.code() == KafkaError._PARTITION_EOF:
                positions[partition] = max(offset, positions.get(partition, 0))
                if offset >= ends[partition]:
                    todo.discard(partition)
        for partition, position in positions.items():
            records = batches.get(partition, [])
            stores[partition].restore(records, position)
            count += len(records)
    return count
