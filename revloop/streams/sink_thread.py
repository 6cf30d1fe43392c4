"""Feeds a handler with a durable store of its own: batch in, stored, answers out, then the offsets: at least once."""

import time
from collections.abc import Sequence

import msgspec
import structlog
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from revloop.contracts.codec import Codec
from revloop.contracts.failures import Reject, Retry
from revloop.contracts.generated.events import Envelope
from revloop.stage import Refusal
from revloop.streams import metrics
from revloop.streams.clients import MOVED_ON, heals
from revloop.streams.outputs import Incoming, Outgoing, dead_letters, outgoing, told
from revloop.streams.producer import EdgeProducer
from revloop.streams.settings import ServiceSettings
from revloop.streams.specs import Place, Received, SinkSpec
from revloop.streams.worker_thread import READ_WAIT_S, WorkerThread, headers_of, offset_of, place_of

log = structlog.get_logger()


class Batch(msgspec.Struct):
    """What one read came to: records for the handler with where each stood, and letters for those that are none."""

    received: list[Received] = msgspec.field(default_factory=list)
    sources: list[Incoming] = msgspec.field(default_factory=list)
    refused: list[tuple[Incoming, Envelope | None, Refusal]] = msgspec.field(default_factory=list)


class SinkThread(WorkerThread):
    """Commits only what the handler has stored and what its answers' acknowledgements cover."""

    def __init__(
        self, service: str, spec: SinkSpec, settings: ServiceSettings, codec: Codec, producer: EdgeProducer
    ) -> None:
        super().__init__(service, spec.name, spec.inputs, settings)
        self._spec = spec
        self._codec = codec
        self._producer = producer

    def _session(self) -> None:
        try:
            self._open_consumer()
            while not self._stop.is_set():
                if messages := self._read(READ_WAIT_S):
                    self._batch(messages)
        finally:
            self._close_consumer()

    def _batch(self, messages: Sequence[Message]) -> None:
        """Handle what was read until it is done; not at all when its partitions went to somebody else meanwhile."""
        began = time.monotonic()
        left = list(messages)
        while True:
            self._turn()
            try:
                self._handle(messages)
            except Retry as error:
                same, came = self._wait_for_the_world(error)
                if not same:
                    return
                left += came
            else:
                break
        if self.waiting_for:
            self._the_world_is_back()
        self._commit(messages, began)
        self._read_again(left[len(messages) :])

    def _handle(self, messages: Sequence[Message]) -> None:
        """Store a batch, then write and flush what follows from it. Raises Retry."""
        batch = Batch()
        for message in messages:
            self._take(message, batch)
        records = self._stored(batch)
        letters = [letter for refused in batch.refused for letter in self._letters(*refused)]
        self._producer.send_records([*records, *letters])
        self._count(batch, records)

    def _take(self, message: Message, batch: Batch) -> None:
        value = message.value()
        if value is None and not self._spec.tombstones:
            return
        topic, partition = place_of(message)
        source = Incoming(topic, partition, offset_of(message), message.key() or b"", value or b"")
        try:
            event = None if value is None else self._codec.decode(value)
        except Reject as error:
            batch.refused.append((source, None, Refusal(error.reason, error.detail)))
            return
        if not isinstance(event, Envelope | None):
            detail = f"A {type(event).__name__} is a state, not an event: who wrote it here?"
            batch.refused.append((source, None, Refusal("not_an_event", detail)))
            return
        batch.received.append(Received(topic, partition, source.offset, event, source.key, headers_of(message)))
        batch.sources.append(source)

    def _stored(self, batch: Batch) -> list[Outgoing]:
        """What the handler answers; where it refuses the batch, record by record to find the bad ones."""
        if not batch.received:
            return []
        try:
            return self._answers(batch.received)
        except Reject as error:
            if len(batch.received) == 1:
                return self._refused(batch, 0, error)
        records: list[Outgoing] = []
        for number, received in enumerate(batch.received):
            try:
                records += self._answers([received])
            except Reject as error:
                records += self._refused(batch, number, error)
        return records

    def _refused(self, batch: Batch, number: int, error: Reject) -> list[Outgoing]:
        refusal = Refusal(error.reason, error.detail)
        batch.refused.append((batch.sources[number], batch.received[number].event, refusal))
        return []

    def _answers(self, received: Sequence[Received]) -> list[Outgoing]:
        emits = self._spec.handle(received)
        return [record for emit in emits for record in outgoing(emit, self._codec, received[0].partition)]

    def _letters(self, source: Incoming, event: Envelope | None, refusal: Refusal) -> Sequence[Outgoing]:
        if source.topic.endswith(".dead"):
            return ()  # a dead letter that cannot be read stays where it is
        return tuple(dead_letters(self.service, source, event, [refusal], self._codec))

    def _count(self, batch: Batch, records: Sequence[Outgoing]) -> None:
        self.refused += len(batch.refused)
        for source, event, refusal in batch.refused:
            metrics.DEAD_LETTERS.labels(self.name, refusal.reason).inc()
            log.warning("refused", stage=self.name, **told(source, event, refusal))
        for record in records:
            metrics.RECORDS_OUT.labels(self.name, record.topic).inc()

    def _commit(self, messages: Sequence[Message], began: float) -> None:
        positions: dict[Place, int] = {place_of(message): offset_of(message) + 1 for message in messages}
        offsets = [TopicPartition(topic, partition, end) for (topic, partition), end in positions.items()]
        try:
            self._consuming.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            if not heals(error.args[0]) and error.args[0].code() not in MOVED_ON:
                raise
            # the batch is stored; whoever reads it again will see that it is
            log.warning("commit_failed", stage=self.name, detail=str(error))
            return
        self._committed(positions, began)

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.assign(partitions)
        self._took_over(partitions)

    def _revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._gave_up()

    def _lose(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.joined = False
        log.warning("partitions_lost", stage=self.name, partitions=sorted({tp.partition for tp in partitions}))
        self._gave_up()
