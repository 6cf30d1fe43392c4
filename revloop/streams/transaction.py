"""One transaction after another over one producer: records and offsets in, all or nothing of them committed."""

import threading
from collections.abc import Callable, Mapping

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicPartition

from revloop.streams.clients import PURGED, Config, heals
from revloop.streams.outputs import Outgoing
from revloop.streams.specs import Headers, Place

log = structlog.get_logger()

CALL_TIMEOUT_S = 5.0
CLOSE_WITHIN_S = 5.0
FULL_WAIT_S = 0.05

Patiently = Callable[[Callable[[], object]], None]
Report = Callable[[KafkaError | None, Message], None]


class Undeliverable(Exception):
    """A record that no broker will ever take: too large, or to a topic that is not there or not ours to write."""


class Transactions:
    """Owned by one thread. Whoever makes another under the same ``transactional.id`` fences this one."""

    def __init__(self, config: Config, patiently: Patiently) -> None:
        self._producer = Producer(config)
        self._patiently = patiently
        self._undeliverable: KafkaError | None = None
        self._ends: dict[int, int] = {}
        self.open = False

    def begin_first(self) -> None:
        """Fence whoever had this name, and end what it left open."""
        self._patiently(lambda: self._producer.init_transactions(CALL_TIMEOUT_S))

    def begin(self) -> None:
        """Open a transaction unless one is open."""
        if not self.open:
            self._producer.begin_transaction()
            self._ends.clear()
            self.open = True

    def write(self, record: Outgoing) -> None:
        """Add a record; raises KafkaException when the transaction is broken."""
        self._write(record.topic, record.partition, record.key, record.value, record.headers, self._delivered)

    def remember(self, changelog: str, partition: int, key: bytes, value: bytes | None) -> None:
        """Add a record of a changelog; ``changelog_end`` tells afterwards where it went."""
        self._write(changelog, partition, key, value, [], self._remembered)

    def _write(
        self, topic: str, partition: int, key: bytes, value: bytes | None, headers: Headers, report: Report
    ) -> None:
        while True:
            try:
                self._producer.produce(topic, value, key, partition, headers=headers, on_delivery=report)
                return
            except BufferError:
                self._producer.poll(FULL_WAIT_S)
            except KafkaException as error:
                if error.args[0].code() == KafkaError.MSG_SIZE_TOO_LARGE:
                    raise Undeliverable(f"a record of {len(value or b'')} bytes for {topic}: {error}") from error
                raise

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None and error.code() not in PURGED and not heals(error) and not error.fatal():
            self._undeliverable = self._undeliverable or error

    def _remembered(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self._ends[int(message.partition() or 0)] = int(message.offset() or 0) + 1
        else:
            self._delivered(error, message)

    def poll(self) -> None:
        """Take delivery reports; raises Undeliverable."""
        self._producer.poll(0)
        if self._undeliverable is not None:
            raise Undeliverable(f"Kafka refused a record for good: {self._undeliverable.str()}")

    def commit(self, positions: Mapping[Place, int], metadata: Callable[[], object]) -> None:
        """Commit everything written since ``begin`` together with these offsets; raises KafkaException, Undeliverable.

        ``metadata`` gives the group's generation: the broker refuses offsets of a member that lost its partitions.
        """
        offsets = [TopicPartition(topic, partition, offset) for (topic, partition), offset in positions.items()]
        self._patiently(lambda: self._producer.send_offsets_to_transaction(offsets, metadata(), CALL_TIMEOUT_S))
        self._patiently(lambda: self._producer.commit_transaction(CALL_TIMEOUT_S))
        self.open = False
        self.poll()

    def changelog_end(self, partition: int) -> int:
        """Position after the last changelog record that the last commit wrote to ``partition``."""
        return self._ends[partition]

    def abort(self) -> None:
        """Undo everything written since ``begin``; raises KafkaException, ClientLost."""
        if self.open:
            self._patiently(lambda: self._producer.abort_transaction(CALL_TIMEOUT_S))
            self.open = False
        self.poll()

    def close(self) -> None:
        """Let go of the producer; what is open is left to the broker, or to whoever takes the name next.

        A client that lost its coordinator may take its time-outs to end: it is not waited for.
        """
        self._producer.purge()
        ending = threading.Thread(target=_close, args=(self._producer,), name="producer-end", daemon=True)
        ending.start()
        ending.join(CLOSE_WITHIN_S)


def _close(producer: Producer) -> None:
    try:
        producer.close()
    except KafkaException as error:
        log.info("producer_closed", detail=str(error))  # fenced or cut off: what it left open ends without it
