"""A consuming thread inside a worker: its life, its Kafka clients, its failure and its health; for stages and sinks."""

import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Sequence

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from revloop.contracts.failures import Retry
from revloop.streams import metrics
from revloop.streams.caller import Caller, Forgotten
from revloop.streams.clients import consumer_config, heals, is_lost
from revloop.streams.progress import Progress
from revloop.streams.settings import ServiceSettings
from revloop.streams.specs import Headers, Place

log = structlog.get_logger()

READ_WAIT_S = 0.05
LOOK_EVERY_S = 1.0
CALL_TIMEOUT_S = 5.0
PATIENCE_S, PATIENCE_AT_STOP_S = 20.0, 10.0
"""How long a call to Kafka is repeated before its client is given up for lost."""
FORGOTTEN_AFTER_S = 15.0
"""A single call has a time limit of 5 s; librdkafka can forget it when a coordinator goes away (its issue 5456)."""
MOST_LOSSES, WITHIN_S = 5, 60.0
"""More losses in so short a time mean that another process works under this worker's name."""
FIRST_PAUSE_S, LAST_PAUSE_S = 0.2, 10.0


class ClientLost(Exception):
    """The Kafka clients can do no more; new ones begin at the last commit."""


class WorkerThread(ABC):
    """Owns a consumer on a thread of its own, so that a blocking call never holds the event loop."""

    def __init__(self, service: str, name: str, inputs: tuple[str, ...], settings: ServiceSettings) -> None:
        self.service = service
        self.name = name
        self.inputs = inputs
        self.settings = settings
        self.group = f"revloop-{service}-{name}"
        self.failed: BaseException | None = None
        self.waiting_for = ""
        self.assigned: set[Place] = set()
        self.joined = False
        self.last_commit_s: float | None = None
        self.recovered = 0
        self.refused = 0
        self.sessions = 0
        self.progress = Progress()
        self._source: Consumer | None = None
        self._patience_s = PATIENCE_S
        self._caller: Caller | None = None
        self._lost: KafkaError | None = None
        self._epoch = 0
        self._losses: deque[float] = deque(maxlen=MOST_LOSSES)
        self._pause_s = FIRST_PAUSE_S
        self._looked = 0.0
        self._stop = threading.Event()
        self._turned = time.monotonic()
        self._thread = threading.Thread(target=self._main, name=f"{service}-{name}", daemon=True)
        self._on_failure: Callable[[], None] = lambda: None

    # --- life, from the event loop

    def start(self, on_failure: Callable[[], None]) -> None:
        """Begin; ``on_failure`` is called from the thread when it ends with an error."""
        self._on_failure = on_failure
        self._turned = time.monotonic()
        self._thread.start()
        metrics.TURN_AGE_SECONDS.labels(self.name).set_function(lambda: time.monotonic() - self._turned)

    def stop(self, patience_s: float = 30.0) -> None:
        """Ask it to end after a last commit, and wait; a thread that stalled is not waited for."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(0.0 if self.stalled else patience_s)

    @property
    def stalled(self) -> bool:
        """Whether the thread stopped turning."""
        still_s = time.monotonic() - self._turned
        return self._thread.is_alive() and still_s > self.settings.stalled_after_ms / 1000

    @property
    def ready(self) -> bool:
        """Whether it has its partitions, with their states, and gets on with its work."""
        alive = self.failed is None and self._thread.is_alive() and not self.stalled
        return alive and self.joined and not self.progress.stuck

    def lag(self) -> int:
        """Records not handled for good, over all owned partitions."""
        return sum(self.progress.lag().values())

    def status(self) -> dict[str, object]:
        """For /status."""
        lag = self.progress.lag()
        return {
            "name": self.name,
            "inputs": list(self.inputs),
            "ready": self.ready,
            "partitions": len(self.assigned),
            "assigned": sorted({partition for _, partition in self.assigned}),
            "lag": sum(lag.values()),
            "lag_by_topic": lag,
            "recovered": self.recovered,
            "last_commit": self.last_commit_s,
            "refused": self.refused,
            "sessions": self.sessions,
            "waiting_for": self.waiting_for or None,
            "error": str(self.failed) if self.failed else None,
        }

    # --- the thread

    def _main(self) -> None:
        try:
            while not self._stop.is_set():
                self._one_session()
        except BaseException as error:  # the one place where a thread's end is told to the worker
            self.failed = error
            log.error("worker_failed", stage=self.name, exc_info=error)
            self._on_failure()

    def _one_session(self) -> None:
        self._lost = None
        self._patience_s = PATIENCE_S
        try:
            self.sessions += 1
            metrics.SESSIONS.labels(self.name).inc()
            self._session()
        except (ClientLost, KafkaException) as error:
            if isinstance(error, KafkaException) and not (is_lost(error.args[0]) or heals(error.args[0])):
                raise
            self._begin_anew(error)
        finally:
            self._gave_up()
            self.joined = False
            if self._caller is not None:
                self._caller.close()
                self._caller = None

    def _begin_anew(self, error: Exception) -> None:
        """A lost client costs no data: what it had not committed is read again. Raises when it happens too often."""
        if self._stop.is_set():
            log.warning("stopped_before_commit", stage=self.name, detail=str(error))
            return
        now = time.monotonic()
        if len(self._losses) == MOST_LOSSES and now - self._losses[0] < WITHIN_S:
            raise ClientLost(
                f"Kafka refused {self.group} as {self.settings.instance!r} again and again: does another process run "
                "under this name? Give each worker a REVLOOP_INSTANCE of its own."
            ) from error
        self._losses.append(now)
        log.warning("clients_lost", stage=self.name, detail=str(error))
        self._stop.wait(min(len(self._losses), 3) * 0.5)

    @abstractmethod
    def _session(self) -> None:
        """Connect and work until asked to stop; raises ClientLost or a KafkaException where a client is lost."""

    def _turn(self) -> None:
        self._turned = time.monotonic()
        if self._lost is not None:
            raise ClientLost(self._lost.str())

    def _client_error(self, error: KafkaError) -> None:
        """What the clients say beside any call of ours; it comes while this thread polls them."""
        if is_lost(error):
            self._lost = self._lost or error

    def _open_consumer(self) -> None:
        config = consumer_config(self.settings, self.group)
        self._source = Consumer({**config, "error_cb": self._client_error})
        self._source.subscribe(list(self.inputs), on_assign=self._assign, on_revoke=self._revoke, on_lost=self._lose)

    def _close_consumer(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None

    @property
    def _consuming(self) -> Consumer:
        assert self._source is not None  # open as long as a session lasts
        return self._source

    @abstractmethod
    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None: ...

    @abstractmethod
    def _revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None: ...

    @abstractmethod
    def _lose(self, consumer: Consumer, partitions: list[TopicPartition]) -> None: ...

    # --- reading

    def _read(self, wait_s: float) -> list[Message]:
        """The next records of owned partitions, in the order in which they are to be handled."""
        self._turn()
        messages = self._usable(self._consuming.consume(self.settings.batch_records, wait_s))
        if self._turned - self._looked > LOOK_EVERY_S:
            self._look()
        if messages:
            self._note(messages)
        return messages

    def _usable(self, messages: Sequence[Message]) -> list[Message]:
        """Records among what was read; ends of partitions are noted, an error that does not heal is raised."""
        found = []
        for message in messages:
            error = message.error()
            if error is None:
                if place_of(message) in self.assigned:  # else it was taken away while it was on its way
                    found.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                self.progress.ended(place_of(message), offset_of(message))
            elif error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise LookupError(f"{error.str()}: create the topics with `revloop topics apply`")
            elif not heals(error):
                raise KafkaException(error)
        return found

    def _note(self, messages: Sequence[Message]) -> None:
        counts: dict[str, int] = {}
        ranges: dict[Place, tuple[int, int]] = {}
        for message in messages:
            place, offset = place_of(message), offset_of(message)
            counts[place[0]] = counts.get(place[0], 0) + 1
            ranges[place] = (ranges.get(place, (offset, 0))[0], offset)
        for place, (first, last) in ranges.items():
            self.progress.read(place, first, last)
        for topic, count in counts.items():
            metrics.RECORDS_IN.labels(self.name, topic).inc(count)
        metrics.BATCH_RECORDS.labels(self.name).observe(len(messages))
        written_s = min(message.timestamp()[1] for message in messages) / 1000
        metrics.EVENT_AGE_SECONDS.labels(self.name).set(max(0.0, time.time() - written_s))

    def _look(self) -> None:
        """Once a second: how far the owned partitions reach, by what the broker said with the last records."""
        self._looked = self._turned
        for topic, partition in self.progress.unfinished():
            marks = self._consuming.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
            if marks is not None:
                self.progress.reaches((topic, partition), marks[1])
        lag = self.progress.lag()
        for topic in self.inputs:
            metrics.LAG_RECORDS.labels(self.name, topic).set(lag.get(topic, 0))
        if not any(lag.values()):
            metrics.EVENT_AGE_SECONDS.labels(self.name).set(0)

    # --- waiting

    @property
    def _calls(self) -> Caller:
        if self._caller is None:
            self._caller = Caller(f"{self._thread.name}-calls")
        return self._caller

    def _patiently(self, call: Callable[[], object]) -> None:
        """Repeat a call that timed out or may heal; raises ClientLost when it does not heal."""
        began = time.monotonic()
        while True:
            self._turn()
            try:
                self._calls.call(call, FORGOTTEN_AFTER_S, self._turn)
                self.waiting_for = ""
                return
            except Forgotten as error:
                raise ClientLost(str(error)) from error
            except KafkaException as error:
                cause: KafkaError = error.args[0]
                if not cause.retriable():
                    raise
                limit_s = PATIENCE_AT_STOP_S if self._stop.is_set() else self._patience_s
                if time.monotonic() - began > limit_s:
                    raise ClientLost(f"no answer for {limit_s:.0f} s: {cause.str()}") from error
                self.waiting_for = cause.str()
                threading.Event().wait(0.05)

    def _wait_for_the_world(self, error: Retry) -> tuple[bool, list[Message]]:
        """Pause, longer each time, while the group still counts on us.

        Gives whether the partitions are still the same and work goes on, and records that came all the same.
        """
        metrics.RETRIES.labels(self.name).inc()
        log.warning("retrying", stage=self.name, detail=str(error), pause_s=self._pause_s)
        self.waiting_for = str(error)
        epoch, deadline = self._epoch, time.monotonic() + self._pause_s
        self._pause_s = min(LAST_PAUSE_S, self._pause_s * 2)
        places = [TopicPartition(*place) for place in self.assigned]
        self._consuming.pause(places)
        came: list[Message] = []
        while (left_s := deadline - time.monotonic()) > 0 and epoch == self._epoch and not self._stop.is_set():
            self._turn()
            came += self._usable(self._consuming.consume(1, min(left_s, READ_WAIT_S * 4)))
        if epoch == self._epoch:
            self._consuming.resume(places)
        return epoch == self._epoch and not self._stop.is_set(), came

    def _read_again(self, messages: Iterable[Message]) -> None:
        """Go back to the first of these records in each partition."""
        first: dict[Place, int] = {}
        for message in messages:
            first.setdefault(place_of(message), offset_of(message))
        for (topic, partition), offset in first.items():
            self._consuming.seek(TopicPartition(topic, partition, offset))

    def _the_world_is_back(self) -> None:
        self.waiting_for = ""
        self._pause_s = FIRST_PAUSE_S

    # --- partitions and commits

    def _took_over(self, partitions: Sequence[TopicPartition]) -> None:
        self._epoch += 1
        self.assigned = {(tp.topic, tp.partition) for tp in partitions}
        self.progress.own(self.assigned)
        self.joined = True
        metrics.PARTITIONS_OWNED.labels(self.name).set(len(self.assigned))
        log.info("assigned", stage=self.name, partitions=sorted({tp.partition for tp in partitions}))

    def _gave_up(self) -> None:
        self._epoch += 1
        self.assigned = set()
        self.progress.own(())
        metrics.PARTITIONS_OWNED.labels(self.name).set(0)

    def _committed(self, positions: dict[Place, int], began: float) -> None:
        self.last_commit_s = time.time()
        self.progress.committed(positions)
        metrics.COMMITS.labels(self.name).inc()
        metrics.COMMIT_SECONDS.labels(self.name).observe(time.monotonic() - began)


def place_of(message: Message) -> Place:
    """Where it stood."""
    return str(message.topic()), int(message.partition() or 0)


def offset_of(message: Message) -> int:
    """Its offset; every record has one."""
    return int(message.offset() or 0)


def headers_of(message: Message) -> Headers:
    """Its headers."""
    return [(str(header[0]), header[1]) for header in message.headers() or ()]
