"""Writes from the edges, outside transactions: idempotent, acknowledged by all, and no failure unseen."""

import asyncio
import threading
from collections.abc import Callable, Iterable

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from revloop.contracts.codec import Codec
from revloop.contracts.failures import Retry
from revloop.contracts.generated.events import Envelope
from revloop.stage import Emit
from revloop.streams.outputs import Outgoing, outgoing
from revloop.streams.settings import ClientConfig, ServiceSettings

log = structlog.get_logger()

DELIVERY_TIMEOUT_MS = 30_000
POLL_S = 0.1

Report = Callable[[KafkaError | None, Message], None]


class EdgeProducer:
    """One for a process; safe to use from several threads and from the event loop."""

    def __init__(self, settings: ServiceSettings, codec: Codec, client: ClientConfig | None = None) -> None:
        self._codec = codec
        self._producer = Producer(
            {
                **settings.client(),
                **(client or {}),
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 5,
                "compression.type": "lz4",
                "message.max.bytes": 10 * 2**20,
                "delivery.timeout.ms": DELIVERY_TIMEOUT_MS,
                "reconnect.backoff.max.ms": 500,
            }
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="edge-producer", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stop.is_set():
            self._producer.poll(POLL_S)

    def close(self) -> None:
        """Wait for what is on its way, then stop."""
        self._producer.flush(DELIVERY_TIMEOUT_MS / 1000)
        self._stop.set()
        self._thread.join(5)

    async def send(self, topic: str, event: Envelope, *, every_partition: bool = False) -> None:
        """Write one event and wait for its acknowledgement; raises Retry when Kafka does not take it."""
        loop = asyncio.get_running_loop()
        waiting: list[asyncio.Future[None]] = []
        for record in outgoing(Emit(topic, event, every_partition=every_partition), self._codec, 0):
            done: asyncio.Future[None] = loop.create_future()
            waiting.append(done)
            self._produce(record, _reporter(loop, done))
        await asyncio.gather(*waiting)

    def send_emits(self, emits: Iterable[Emit]) -> None:
        """Write events and wait for all acknowledgements; raises Retry when Kafka does not take one."""
        self.send_records([record for emit in emits for record in outgoing(emit, self._codec, 0)])

    def send_records(self, records: list[Outgoing]) -> None:
        """Write records and wait for all acknowledgements; raises Retry when Kafka does not take one."""
        if not records:
            return
        failures: list[KafkaError] = []
        left = threading.Semaphore(0)

        def report(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                failures.append(error)
            left.release()

        for record in records:
            self._produce(record, report)
        for _ in records:
            left.acquire()
        if failures:
            raise Retry(f"Kafka did not take {len(failures)} of {len(records)} records: {failures[0].str()}")

    def _produce(self, record: Outgoing, report: Report) -> None:
        while True:
            try:
                self._producer.produce(
                    record.topic, record.value, record.key, record.partition, headers=record.headers, on_delivery=report
                )
                return
            except BufferError:
                self._stop.wait(0.01)
            except KafkaException as error:
                raise Retry(f"Kafka did not take a record for {record.topic}: {error.args[0].str()}") from error


def _reporter(loop: asyncio.AbstractEventLoop, done: "asyncio.Future[None]") -> Report:
    def report(error: KafkaError | None, message: Message) -> None:
        loop.call_soon_threadsafe(_settle, done, error)

    return report


def _settle(done: "asyncio.Future[None]", error: KafkaError | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(Retry(f"Kafka did not take the record: {error.str()}"))
