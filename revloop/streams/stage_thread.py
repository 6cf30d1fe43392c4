"""Runs a pure core over Kafka: one transaction holds outputs, states and offsets; the store follows the commit."""

import sys
import time
from collections.abc import Callable, Iterable, Sequence

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from revloop.contracts.codec import Codec
from revloop.contracts.failures import Reject, Retry
from revloop.contracts.generated.events import Envelope
from revloop.stage import Handled, Processor, Refusal
from revloop.streams import metrics
from revloop.streams.clients import heals, transactional_config
from revloop.streams.outputs import Incoming, Outgoing, dead_letters, outgoing, told
from revloop.streams.recovery import recover
from revloop.streams.settings import ServiceSettings
from revloop.streams.specs import StageSpec
from revloop.streams.states import PartitionStates, Stateless, block_cache
from revloop.streams.transaction import CALL_TIMEOUT_S, Transactions
from revloop.streams.worker_thread import (
    PATIENCE_AT_STOP_S,
    READ_WAIT_S,
    ClientLost,
    WorkerThread,
    offset_of,
    place_of,
)

log = structlog.get_logger()

MOST_UNCOMMITTED = 50_000
"""A transaction is committed early after so many inputs, so that memory stays bounded while catching up."""
SWITCH_INTERVAL_S = 0.0005
"""How long a thread may keep the interpreter: short enough that the event loop answers while a stage is busy."""
BEGINNING = -2


class StageThread(WorkerThread):
    """Exactly once between topics: a zombie is fenced by its transactional id and by the group's generation."""

    def __init__(self, service: str, spec: StageSpec, settings: ServiceSettings, codec: Codec) -> None:
        super().__init__(service, spec.name, spec.inputs, settings)
        self._spec = spec
        self._codec = codec
        self._directory = settings.data(service) / "state" / spec.name
        self._block_cache = block_cache()
        self._order = {topic: number for number, topic in enumerate(spec.inputs)}
        self.states: dict[int, PartitionStates] = {}
        self._processors: dict[int, Processor] = {}
        self._positions: dict[tuple[str, int], int] = {}
        self._written: dict[str, int] = {}
        self._uncommitted = 0
        self._began = 0.0
        self._broken = False
        """Whether the session failed: closing its consumer must not commit what was left half done."""

    # --- the loop

    def _session(self) -> None:
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        config = transactional_config(self.settings, self.group)
        self._transaction = Transactions({**config, "error_cb": self._client_error}, self._patiently)
        self._forget()
        self._broken = False
        try:
            self._transaction.begin_first()
            self._open_consumer()
            self._loop()
        except (ClientLost, KafkaException):
            self._broken = True
            raise
        except BaseException:
            self._broken = True
            self._abandon()
            raise
        finally:
            self._leave()

    def _loop(self) -> None:
        while not self._stop.is_set():
            messages = self._read(self._wait_s())
            self._guarded(lambda: self._work(messages))  # noqa: B023 - called before the next turn
        self._guarded(self._commit)

    def _wait_s(self) -> float:
        if not self._positions:
            return READ_WAIT_S
        return max(0.001, min(READ_WAIT_S, self._commit_at() - time.monotonic()))

    def _commit_at(self) -> float:
        return self._began + self.settings.commit_interval_ms / 1000

    def _guarded(self, work: Callable[[], object]) -> None:
        """A broken transaction is aborted and done again; an error that no repeat heals passes on."""
        try:
            work()
        except KafkaException as error:
            self._abort_for(error)
            self._rewind()

    def _leave(self) -> None:
        """Let go of partitions, states and clients; what is not committed comes again."""
        self._close_consumer()
        self._close_states()
        self._transaction.close()

    def _abandon(self) -> None:
        """End the open transaction now rather than by its time-out: readers wait for its end."""
        self._patience_s = PATIENCE_AT_STOP_S
        try:
            self._transaction.abort()
        except (KafkaException, ClientLost) as error:
            log.warning("transaction_left_to_its_timeout", stage=self.name, detail=str(error))

    # --- one batch

    def _work(self, messages: Sequence[Message]) -> None:
        if len(self.inputs) > 1:
            messages = sorted(messages, key=self._turn_of)
        for at, message in enumerate(messages):
            try:
                self._one(message)
            except Retry as error:
                self._come_back(error, messages[at:])
                return
            if self._commit_is_due():
                self._commit()
        self._transaction.poll()
        if self._commit_is_due():
            self._commit()

    def _turn_of(self, message: Message) -> tuple[int, int]:
        """By partition, then by input; offsets stay in order."""
        topic, partition = place_of(message)
        return partition, self._order[topic]

    def _commit_is_due(self) -> bool:
        if not self._positions:
            return False
        return time.monotonic() >= self._commit_at() or self._uncommitted >= MOST_UNCOMMITTED

    def _one(self, message: Message) -> None:
        self._turn()
        topic, partition = place_of(message)
        source = Incoming(topic, partition, offset_of(message), message.key() or b"", message.value() or b"")
        event, handled = self._handled(source)
        if not self._transaction.open:
            self._transaction.begin()
            self._began = time.monotonic()
        for emit in handled.emits:
            self._write(outgoing(emit, self._codec, partition))
        if handled.refusals:
            self._refuse(source, event, handled.refusals)
        self._positions[topic, partition] = source.offset + 1
        self._uncommitted += 1

    def _handled(self, source: Incoming) -> tuple[Envelope | None, Handled]:
        """What an input leads to; nothing is written yet, so Retry leaves nothing behind."""
        try:
            event = self._decoded(source.value)
        except Reject as refusal:
            return None, Handled(refusals=[Refusal(refusal.reason, refusal.detail)])
        handled = self._processors[source.partition].handle(event)
        if self.waiting_for:
            self._the_world_is_back()
        return event, handled

    def _decoded(self, value: bytes) -> Envelope:
        event = self._codec.decode(value)
        if not isinstance(event, Envelope):
            raise Reject("not_an_event", f"A {type(event).__name__} is a state, not an event: who wrote it here?")
        return event

    def _refuse(self, source: Incoming, event: Envelope | None, refusals: Sequence[Refusal]) -> None:
        self.refused += len(refusals)
        for refusal in refusals:
            metrics.DEAD_LETTERS.labels(self.name, refusal.reason).inc()
            log.warning("refused", stage=self.name, **told(source, event, refusal))
        self._write(dead_letters(self.service, source, event, refusals, self._codec))

    def _write(self, records: Iterable[Outgoing]) -> None:
        for record in records:
            self._transaction.write(record)
            self._written[record.topic] = self._written.get(record.topic, 0) + 1

    # --- commit, abort, repeat

    def _commit(self) -> None:
        """Outputs, states and offsets take effect together; then the local store may know. Raises KafkaException."""
        if not self._positions:
            return
        began = time.monotonic()
        changes = {partition: store.changes() for partition, store in self.states.items() if store.changed}
        if self._spec.table is not None:
            for partition, records in changes.items():
                for key, value in records:
                    self._transaction.remember(self._spec.table.changelog, partition, key, value)
        self._transaction.commit(self._positions, self._consuming.consumer_group_metadata)
        for partition, records in changes.items():
            self.states[partition].committed(records, self._transaction.changelog_end(partition))
        for topic, count in self._written.items():
            metrics.RECORDS_OUT.labels(self.name, topic).inc(count)
        self._committed(self._positions, began)
        self._forget()

    def _forget(self) -> None:
        self._positions = {}
        self._written = {}
        self._uncommitted = 0

    def _come_back(self, error: Retry, left: Sequence[Message]) -> None:
        """Commit what came before, pause, and read on from the input that could not be handled."""
        self._commit()
        same, came = self._wait_for_the_world(error)
        if not same:
            return  # whoever owns the partitions now reads them from what is committed
        self._read_again((*left, *came))

    def _abort_for(self, error: KafkaException) -> None:
        """Abort; passes ``error`` on when it is none that another attempt heals."""
        cause: KafkaError = error.args[0]
        repeatable = cause.txn_requires_abort() or heals(cause) or cause.code() == KafkaError._STATE
        if cause.fatal() or not repeatable:
            raise error
        log.warning("transaction_aborted", stage=self.name, detail=str(cause))
        self._abort()

    def _abort(self) -> None:
        self._transaction.abort()
        metrics.ABORTS.labels(self.name).inc()
        self._forget()
        for store in self.states.values():
            store.aborted()

    def _rewind(self) -> None:
        """Back to the last commit: the cores' timers are made anew from what was committed."""
        for partition, store in self.states.items():
            self._processors[partition] = Processor(self._spec.core, store)
        self._patiently(self._seek_committed)

    def _seek_committed(self) -> None:
        places = [TopicPartition(topic, partition) for topic, partition in self.assigned]
        for place in self._consuming.committed(places, CALL_TIMEOUT_S):
            if place.error is not None:
                raise KafkaException(place.error)
            if place.offset < 0:
                place.offset = BEGINNING  # nothing was committed yet
            self._consuming.seek(place)

    # --- partitions come and go

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._open_states({tp.partition for tp in partitions})
        consumer.assign(partitions)
        self._took_over(partitions)

    def _open_states(self, partitions: set[int]) -> None:
        if self._spec.table is None:
            self._processors = {partition: Processor(self._spec.core, Stateless()) for partition in partitions}
            return
        for partition in sorted(partitions):
            self.states[partition] = PartitionStates(self._directory / f"p{partition}", self._block_cache)
        if partitions:
            self._recover(self._spec.table.changelog)
        for partition, store in self.states.items():
            self._turn()
            self._processors[partition] = Processor(self._spec.core, store)

    def _recover(self, changelog: str) -> None:
        began = time.monotonic()
        count = recover(changelog, self.states, self.settings.client(), self._turn_or_stop)
        self.recovered += count
        metrics.RECOVERED_KEYS.labels(self.name).inc(count)
        seconds = round(time.monotonic() - began, 3)
        log.info("recovered", stage=self.name, partitions=len(self.states), records=count, seconds=seconds)

    def _turn_or_stop(self) -> None:
        self._turn()
        if self._stop.is_set():
            raise ClientLost("told to stop while states were read back")

    def _revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        if not self._broken:
            try:
                self._commit()
            except KafkaException as error:
                self._abort_for(error)
        self._give_up()

    def _lose(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.joined = False
        log.warning("partitions_lost", stage=self.name, partitions=sorted({tp.partition for tp in partitions}))
        if not self._broken:
            self._abort()
        self._give_up()

    def _give_up(self) -> None:
        self._forget()
        self._close_states()
        self._gave_up()

    def _close_states(self) -> None:
        for store in self.states.values():
            store.close()
        self.states = {}
        self._processors = {}
