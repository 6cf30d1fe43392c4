"""A consuming thread inside a Faust worker: its life, its failure and its health, shared by stages and sinks."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from revloop.streams import metrics
from revloop.streams.settings import ClientConfig, ServiceSettings

log = structlog.get_logger()

STALLED_AFTER_S = 45.0
"""A thread that has not turned for so long is taken for dead: the worker ends and is started again."""
READ_WAIT_S = 0.05


class Lost(Exception):
    """The group moved on while we worked: what is uncommitted is dropped and read again by whoever owns it."""


class WorkerThread(ABC):
    """Owns a consumer on a thread of its own, so that a blocking call never holds the event loop."""

    def __init__(self, service: str, name: str, inputs: tuple[str, ...], settings: ServiceSettings) -> None:
        self.service = service
        self.name = name
        self.inputs = inputs
        self.settings = settings
        self.failed: BaseException | None = None
        self.assigned: set[tuple[str, int]] = set()
        self.joined = False
        self.last_commit_s: float | None = None
        self.recovered = 0
        self.refused = 0
        self._at_end: dict[tuple[str, int], bool] = {}
        self._stop = threading.Event()
        self._turned = time.monotonic()
        self._thread = threading.Thread(target=self._main, name=f"{service}-{name}", daemon=True)
        self._on_failure: Callable[[], None] = lambda: None

    # --- life, from the event loop

    def start(self, on_failure: Callable[[], None]) -> None:
        """Begin; ``on_failure`` is called from the thread when it ends with an error."""
        self._on_failure = on_failure
        self._thread.start()

    def stop(self, patience_s: float = 30.0) -> None:
        """Ask it to end after a last commit, and wait."""
        self._stop.set()
        self._thread.join(patience_s)

    @property
    def stalled(self) -> bool:
        """Whether the thread stopped turning."""
        return self._thread.is_alive() and time.monotonic() - self._turned > STALLED_AFTER_S

    @property
    def ready(self) -> bool:
        """Whether it has its partitions, with their states, and works."""
        return self.joined and self.failed is None and self._thread.is_alive() and not self.stalled

    def lag(self) -> int:
        """Records not read yet, over all owned partitions; 0 where the end was seen."""
        return sum(0 if at_end else 1 for at_end in list(self._at_end.values()))

    def status(self) -> dict[str, object]:
        """For /status."""
        return {
            "name": self.name,
            "inputs": list(self.inputs),
            "ready": self.ready,
            "partitions": len(self.assigned),
            "lag": self.lag(),
            "recovered": self.recovered,
            "last_commit": self.last_commit_s,
            "refused": self.refused,
            "error": str(self.failed) if self.failed else None,
        }

    # --- the thread

    def _main(self) -> None:
        try:
            self._run()
        except BaseException as error:  # the one place where a thread's end is told to the worker
            self.failed = error
            log.error("worker_failed", stage=self.name, exc_info=error)
            self._on_failure()

    @abstractmethod
    def _run(self) -> None:
        """Work until asked to stop."""

    def _turn(self) -> None:
        self._turned = time.monotonic()
        if self.failed is not None:
            raise self.failed

    def _client_failed(self, error: KafkaError) -> None:
        if error.fatal() or error.code() in (KafkaError._FENCED, KafkaError.FENCED_INSTANCE_ID):
            self.failed = self.failed or KafkaException(error)

    def _consumer(self) -> Consumer:
        group = f"revloop-{self.service}-{self.name}"
        config: ClientConfig = {
            **self.settings.client(),
            "group.id": group,
            "group.instance.id": f"{group}-{self.settings.instance}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "partition.assignment.strategy": "range",
            "session.timeout.ms": self.settings.session_timeout_ms,
            "heartbeat.interval.ms": max(500, self.settings.session_timeout_ms // 6),
            "fetch.wait.max.ms": 50,
            "reconnect.backoff.max.ms": 500,
            "topic.metadata.refresh.interval.ms": 10_000,
        }
        return Consumer({**config, "error_cb": self._client_failed})

    def _usable(self, messages: list[Message]) -> list[Message]:
        """Records among what was read; ends of partitions are noted, an error that does not heal is raised."""
        found = []
        for message in messages:
            error = message.error()
            if error is None:
                self._mark(message, at_end=False)
                found.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                self._mark(message, at_end=True)
            elif not error.retriable() and error.code() not in (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT):
                raise KafkaException(error)
        return found

    def _mark(self, message: Message, *, at_end: bool) -> None:
        place = (str(message.topic()), int(message.partition() or 0))
        if place in self.assigned:
            self._at_end[place] = at_end

    def _took_over(self, partitions: list[TopicPartition]) -> None:
        self.assigned = {(tp.topic, tp.partition) for tp in partitions}
        self._at_end = dict.fromkeys(self.assigned, False)
        self.joined = True
        metrics.PARTITIONS_OWNED.labels(self.name).set(len(self.assigned))
        log.info("assigned", stage=self.name, partitions=sorted({tp.partition for tp in partitions}))

    def _gave_up(self) -> None:
        self.assigned = set()
        self._at_end = {}
        metrics.PARTITIONS_OWNED.labels(self.name).set(0)

    def _committed(self, began: float) -> None:
        self.last_commit_s = time.time()
        metrics.COMMITS.labels(self.name).inc()
        metrics.COMMIT_SECONDS.labels(self.name).observe(time.monotonic() - began)
        metrics.LAG_RECORDS.labels(self.name).set(self.lag())
