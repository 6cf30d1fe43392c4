"""Runs a pure core over Kafka: one transaction holds outputs, states and offsets; the store follows the commit."""

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from revloop.contracts import codec as wire
from revloop.contracts.codec import Codec
from revloop.contracts.failures import Reject
from revloop.contracts.generated.events import Envelope
from revloop.stage import Processor, Refusal
from revloop.streams import metrics
from revloop.streams.outputs import Headers, Incoming, Outgoing, dead_letters, outgoing
from revloop.streams.recovery import recover
from revloop.streams.settings import ServiceSettings
from revloop.streams.specs import StageSpec
from revloop.streams.states import PartitionStates, Stateless
from revloop.streams.worker_thread import READ_WAIT_S, WorkerThread

log = structlog.get_logger()

MAX_UNCOMMITTED_RECORDS = 50_000
"""A transaction is committed early after so many inputs, so that memory stays bounded while catching up."""
SWITCH_INTERVAL_S = 0.0005
"""How long a thread may keep the interpreter: short enough that the event loop answers while a stage is busy."""
CALL_TIMEOUT_S = 5.0
PURGED = (KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT)


class StageThread(WorkerThread):
    """Exactly once between topics: a zombie is fenced by its transactional id and by the group's generation."""

    def __init__(self, service: str, spec: StageSpec, settings: ServiceSettings, codec: Codec) -> None:
        super().__init__(service, spec.name, spec.inputs, settings)
        self._spec = spec
        self._codec = codec
        self._directory = settings.data(service) / "state" / spec.name
        self.states: dict[int, PartitionStates] = {}
        self._processors: dict[int, Processor] = {}
        self._positions: dict[tuple[str, int], int] = {}
        self._changelog_ends: dict[int, int] = {}
        self._open = False
        self._uncommitted = 0

    # --- the loop

    def _run(self) -> None:
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._producer = Producer(self._producer_config())
        self._producer.init_transactions(60)
        self._source = self._consumer()
        self._source.subscribe(list(self.inputs), on_assign=self._assign, on_revoke=self._revoke, on_lost=self._lose)
        try:
            self._loop()
            self._commit()
        finally:
            self._source.close()
            self._close_states()

    def _loop(self) -> None:
        interval_s = self.settings.commit_interval_ms / 1000
        began = time.monotonic()
        while not self._stop.is_set():
            self._turn()
            if not self._positions:
                began = time.monotonic()
            wait = (
                max(0.001, min(READ_WAIT_S, began + interval_s - time.monotonic())) if self._positions else READ_WAIT_S
            )
            messages = self._usable(self._source.consume(self.settings.batch_records, wait))
            if messages:
                self._work(messages)
            self._producer.poll(0)
            if self._positions and (
                time.monotonic() - began >= interval_s or self._uncommitted >= MAX_UNCOMMITTED_RECORDS
            ):
                self._commit()

    def _producer_config(self) -> dict[str, object]:
        group = f"revloop-{self.service}-{self.name}"
        return {
            **self.settings.client(),
            "transactional.id": f"{group}-{self.settings.instance}",
            "transaction.timeout.ms": self.settings.transaction_timeout_ms,
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": 5,
            "compression.type": "lz4",
            "message.max.bytes": 10 * 2**20,
            "queue.buffering.max.messages": 1_000_000,
            "retry.backoff.ms": 10,
            "retry.backoff.max.ms": 40,
            "reconnect.backoff.max.ms": 500,
            "error_cb": self._client_failed,
        }

    # --- one batch

    def _work(self, messages: list[Message]) -> None:
        metrics.BATCH_RECORDS.labels(self.name).observe(len(messages))
        if not self._open:
            self._producer.begin_transaction()
            self._open = True
        for message in messages:
            topic, partition = str(message.topic()), int(message.partition() or 0)
            if (topic, partition) not in self.assigned:
                continue  # taken away while it was on its way
            self._one(message, topic, partition)
            self._positions[topic, partition] = int(message.offset() or 0) + 1
            self._uncommitted += 1
            metrics.RECORDS_IN.labels(self.name, topic).inc()

    def _one(self, message: Message, topic: str, partition: int) -> None:
        source = Incoming(topic, partition, int(message.offset() or 0), message.key() or b"", message.value() or b"")
        try:
            event = self._decoded(source.value)
        except Reject as refusal:
            self._refuse(source, None, [Refusal(refusal.reason, refusal.detail)])
            return
        handled = self._processors[partition].handle(event)
        for emit in handled.emits:
            self._produce(outgoing(emit, self._codec, partition))
        if handled.refusals:
            self._refuse(source, event, handled.refusals)

    def _decoded(self, value: bytes) -> Envelope:
        event = self._codec.decode(value)
        if not isinstance(event, Envelope):
            raise Reject("not_an_event", f"A {type(event).__name__} is a state, not an event: who wrote it here?")
        return event

    def _refuse(self, source: Incoming, event: Envelope | None, refusals: list[Refusal]) -> None:
        self.refused += len(refusals)
        for refusal in refusals:
            metrics.DEAD_LETTERS.labels(self.name, refusal.reason).inc()
            log.warning(
                "refused",
                stage=self.name,
                topic=source.topic,
                offset=source.offset,
                reason=refusal.reason,
                detail=refusal.detail,
            )
        self._produce(dead_letters(self.service, source, event, refusals, self._codec))

    def _produce(self, records: Iterable[Outgoing]) -> None:
        for record in records:
            self._send(record.topic, record.partition, record.key, record.value, record.headers, self._delivered)
            metrics.RECORDS_OUT.labels(self.name, record.topic).inc()

    def _send(
        self,
        topic: str,
        partition: int,
        key: bytes,
        value: bytes | None,
        headers: Headers,
        report: Callable[[KafkaError | None, Message], None],
    ) -> None:
        while True:
            try:
                self._producer.produce(topic, value, key, partition, headers=headers, on_delivery=report)
                return
            except BufferError:
                self._producer.poll(0.05)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None and error.code() not in PURGED:
            self.failed = self.failed or KafkaException(error)

    # --- commit and abort

    def _commit(self) -> None:
        if not self._positions:
            return
        began = time.monotonic()
        self._changelog_ends.clear()
        self._write_changelog()
        try:
            offsets = [
                TopicPartition(topic, partition, position) for (topic, partition), position in self._positions.items()
            ]
            self._patiently(
                lambda: self._producer.send_offsets_to_transaction(
                    offsets, self._source.consumer_group_metadata(), CALL_TIMEOUT_S
                )
            )
            self._patiently(lambda: self._producer.commit_transaction(CALL_TIMEOUT_S))
        except KafkaException as error:
            self._abort_for(error)
            return
        self._open = False
        self._producer.poll(0)
        for partition, store in self.states.items():
            if store.changed:
                store.committed(self._changelog_end(partition))
        self._positions.clear()
        self._uncommitted = 0
        self._committed(began)

    def _changelog_end(self, partition: int) -> int:
        """Position after the last changelog record of this transaction, from its delivery report."""
        while partition not in self._changelog_ends:
            self._turn()
            self._producer.poll(0.05)
        return self._changelog_ends[partition]

    def _write_changelog(self) -> None:
        if self._spec.table is None:
            return
        for partition, store in self.states.items():
            for key, state in store.changed.items():
                value = None if state is None else wire.encode(state)
                self._send(self._spec.table.changelog, partition, key.encode(), value, [], self._logged)

    def _logged(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self._changelog_ends[int(message.partition() or 0)] = int(message.offset() or 0) + 1
        else:
            self._delivered(error, message)

    def _abort_for(self, error: KafkaException) -> None:
        cause: KafkaError = error.args[0]
        if cause.fatal() or not cause.txn_requires_abort():
            raise error
        log.warning("transaction_aborted", stage=self.name, detail=str(cause))
        self._abort()
        self._rewind()

    def _abort(self) -> None:
        if self._open:
            self._patiently(lambda: self._producer.abort_transaction(CALL_TIMEOUT_S))
            self._open = False
        metrics.ABORTS.labels(self.name).inc()
        self._positions.clear()
        self._uncommitted = 0
        for store in self.states.values():
            store.aborted()

    def _rewind(self) -> None:
        """Back to the last commit: the cores' timers are rebuilt from what was committed."""
        for partition, store in self.states.items():
            self._processors[partition] = Processor(self._spec.core, store)
        assigned = [TopicPartition(topic, partition) for topic, partition in self.assigned]
        for place in self._source.committed(assigned, 30):
            if place.offset < 0:
                place.offset = -2  # nothing was committed yet: the beginning
            self._source.seek(place)

    def _patiently(self, call: Callable[[], object], limit_s: float = 60.0) -> None:
        """Repeat a call that timed out or may heal; the group's heartbeats go on in the meantime."""
        deadline = time.monotonic() + limit_s
        while True:
            self._turn()
            try:
                call()
                return
            except KafkaException as error:
                cause: KafkaError = error.args[0]
                if not cause.retriable() or time.monotonic() > deadline:
                    raise
                metrics.RETRIES.labels(self.name).inc()
                self._stop.wait(0.05)

    # --- partitions come and go

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        try:
            self._open_states({tp.partition for tp in partitions})
        except BaseException as error:  # noqa: BLE001 - an error in a callback would be lost: the loop raises it
            self.failed = self.failed or error
            return
        consumer.assign(partitions)
        self._took_over(partitions)

    def _open_states(self, partitions: set[int]) -> None:
        if self._spec.table is None:
            self._processors = {partition: Processor(self._spec.core, Stateless()) for partition in partitions}
            return
        stores = {partition: PartitionStates(self._folder(partition)) for partition in sorted(partitions)}
        if stores:
            count = recover(self._spec.table.changelog, stores, self.settings.client(), self._turn)
            self.recovered += count
            metrics.RECOVERED_KEYS.labels(self.name).inc(count)
            log.info("recovered", stage=self.name, partitions=len(stores), records=count)
        self.states = stores
        self._processors = {partition: Processor(self._spec.core, store) for partition, store in stores.items()}

    def _folder(self, partition: int) -> Path:
        return self._directory / f"p{partition}"

    def _revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        try:
            self._commit()
        except BaseException as error:  # noqa: BLE001 - an error in a callback would be lost: the loop raises it
            self.failed = self.failed or error
        self._close_states()
        self._gave_up()

    def _lose(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        log.warning("partitions_lost", stage=self.name, partitions=sorted({tp.partition for tp in partitions}))
        try:
            self._abort()
        except BaseException as error:  # noqa: BLE001 - an error in a callback would be lost: the loop raises it
            self.failed = self.failed or error
        self._close_states()
        self._gave_up()

    def _close_states(self) -> None:
        for store in self.states.values():
            store.close()
        self.states = {}
        self._processors = {}
