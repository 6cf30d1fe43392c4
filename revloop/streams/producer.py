"""Writes from the edges, outside transactions: idempotent, acknowledged by all, and no failure unseen."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from revloop.contracts.codec import Codec
from revloop.contracts.failures import Retry
from revloop.contracts.generated.events import Envelope
from revloop.stage import Emit
from revloop.streams.clients import is_lost, producer_config
from revloop.streams.outputs import Outgoing, outgoing
from revloop.streams.settings import ClientConfig, ServiceSettings

log = structlog.get_logger()

DELIVERY_TIMEOUT_MS = 30_000
MOST_WAITING_KB = 128 * 1024
POLL_S = 0.1
FULL_PAUSE_S = 0.01
CLOSE_WITHIN_S = 10.0

Report = Callable[[KafkaError | None, Message], None]


class EdgeProducer:
    """One for a process; safe to use from several threads and from the event loop.

    What waits for its acknowledgement is bounded: who writes faster than Kafka takes it is made to wait. Writes of one
    caller stay in order. After Retry some of the records may have been written: derived ids make a repeat harmless.
    """

    def __init__(self, settings: ServiceSettings, codec: Codec, client: ClientConfig | None = None) -> None:
        self._codec = codec
        self._config = {
            **producer_config(settings),
            **(client or {}),
            "delivery.timeout.ms": DELIVERY_TIMEOUT_MS,
            "queue.buffering.max.kbytes": MOST_WAITING_KB,
        }
        self._lock = threading.Lock()
        self._producer = Producer(self._config)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="edge-producer", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stop.is_set():
            self._producer.poll(POLL_S)

    def close(self) -> None:
        """Wait for what is on its way, then stop."""
        left = self._producer.flush(CLOSE_WITHIN_S)
        if left:
            log.warning("unacknowledged_at_close", records=left)
        self._stop.set()
        self._thread.join(CLOSE_WITHIN_S)

    async def send(self, topic: str, event: Envelope, *, every_partition: bool = False) -> None:
        """Write one event and wait for its acknowledgement; raises Retry when Kafka does not take it."""
        await self.send_and_wait([Emit(topic, event, every_partition=every_partition)])

    async def send_and_wait(self, emits: Iterable[Emit]) -> None:
        """Write events and wait for all acknowledgements; raises Retry when Kafka does not take one."""
        loop = asyncio.get_running_loop()
        waiting: list[asyncio.Future[None]] = []
        for record in self._records(emits):
            done: asyncio.Future[None] = loop.create_future()
            waiting.append(done)
            report = _reporter(loop, done)
            while not self._taken(record, report):
                await asyncio.sleep(FULL_PAUSE_S)  # the queue is full, and librdkafka does not say when it is not
        for found in await asyncio.gather(*waiting, return_exceptions=True):
            if isinstance(found, BaseException):
                raise found

    def send_emits(self, emits: Iterable[Emit]) -> None:
        """Write events and wait for all acknowledgements; raises Retry when Kafka does not take one."""
        self.send_records(self._records(emits))

    def send_records(self, records: Sequence[Outgoing]) -> None:
        """Write records and wait for all acknowledgements; raises Retry when Kafka does not take one."""
        failures: list[KafkaError] = []
        left = threading.Semaphore(0)

        def report(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                failures.append(error)
            left.release()

        for record in records:
            while not self._taken(record, report):
                self._stop.wait(FULL_PAUSE_S)
        for _ in records:
            if not left.acquire(timeout=2 * DELIVERY_TIMEOUT_MS / 1000):
                raise Retry("Kafka said nothing of a record for longer than its delivery may take")
        if failures:
            raise Retry(f"Kafka did not take {len(failures)} of {len(records)} records: {failures[0].str()}")

    def _records(self, emits: Iterable[Emit]) -> list[Outgoing]:
        return [record for emit in emits for record in outgoing(emit, self._codec, 0)]

    def _taken(self, record: Outgoing, report: Report) -> bool:
        """Hand a record over; False while too much waits. Raises Retry."""
        producer = self._producer
        try:
            producer.produce(
                record.topic, record.value, record.key, record.partition, headers=record.headers, on_delivery=report
            )
        except BufferError:
            return False
        except KafkaException as error:
            if is_lost(error.args[0]):
                self._renew(producer)
            raise Retry(f"Kafka did not take a record for {record.topic}: {error.args[0].str()}") from error
        return True

    def _renew(self, lost: Producer) -> None:
        """Replace a client that can do no more; what it still held is reported as failed."""
        with self._lock:
            if self._producer is not lost:
                return
            log.warning("producer_lost")
            self._producer = Producer(self._config)
        lost.purge()
        lost.poll(0)


def _reporter(loop: asyncio.AbstractEventLoop, done: "asyncio.Future[None]") -> Report:
    def report(error: KafkaError | None, message: Message) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, done, error)

    return report


def _settle(done: "asyncio.Future[None]", error: KafkaError | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(Retry(f"Kafka did not take the record: {error.str()}"))
