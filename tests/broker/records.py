"""Writes to and reads from a broker as a plain client does."""

import time
from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from revloop.kafka.admin import TopicSpec, apply

WAIT_S = 30.0


def create(bootstrap: str, topic: str, partitions: int = 1) -> None:
    """Make a topic and wait until it is there."""
    report = apply([TopicSpec(topic, partitions, {})], {"bootstrap.servers": bootstrap})
    assert report.created == [topic]


class Writer:
    """An idempotent producer that remembers what the broker acknowledged."""

    def __init__(self, bootstrap: str) -> None:
        self.acknowledged: list[bytes] = []
        self._producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 1})

    def write(self, topic: str, values: Sequence[bytes]) -> None:
        """Hand values over; they are acknowledged while time passes."""
        for value in values:
            self._producer.produce(topic, value, on_delivery=self._delivered)
            self._producer.poll(0)

    def wait(self, count: int) -> None:
        """Until at least ``count`` values are acknowledged."""
        deadline = time.monotonic() + WAIT_S
        while len(self.acknowledged) < count:
            assert time.monotonic() < deadline, f"{len(self.acknowledged)} of {count} acknowledged"
            self._producer.poll(0.05)

    def flush(self) -> None:
        """Until nothing is left to send."""
        assert self._producer.flush(WAIT_S) == 0

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        value = message.value()
        assert error is None, error
        assert isinstance(value, bytes)
        self.acknowledged.append(value)


def read(bootstrap: str, topic: str) -> list[bytes]:
    """Every committed value of partition 0, from the first to the end there is now."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "reader",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    values: list[bytes] = []
    deadline = time.monotonic() + WAIT_S
    while True:
        assert time.monotonic() < deadline, f"no end of {topic} after {len(values)} records"
        message = consumer.poll(1.0)
        if message is None:
            continue
        if (error := message.error()) is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                break
            continue  # the broker is away for a moment; the deadline ends it
        value = message.value()
        assert isinstance(value, bytes)
        values.append(value)
    consumer.close()
    return values
