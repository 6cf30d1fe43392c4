"""Feeds a handler with a durable store of its own: batch in, stored, answers out, then the offsets: at least once."""

import time
from collections.abc import Sequence

import structlog
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from revloop.contracts.codec import Codec
from revloop.contracts.failures import Reject, Retry
from revloop.contracts.generated.events import Envelope
from revloop.stage import Emit, Refusal
from revloop.streams import metrics
from revloop.streams.outputs import Incoming, Outgoing, dead_letters, outgoing
from revloop.streams.producer import EdgeProducer
from revloop.streams.settings import ServiceSettings
from revloop.streams.specs import Received, SinkSpec
from revloop.streams.worker_thread import READ_WAIT_S, WorkerThread

log = structlog.get_logger()

FIRST_PAUSE_S, LAST_PAUSE_S = 0.2, 10.0


class SinkThread(WorkerThread):
    """Commits only what the handler has stored and what its answers' acknowledgements cover."""

    def __init__(
        self, service: str, spec: SinkSpec, settings: ServiceSettings, codec: Codec, producer: EdgeProducer
    ) -> None:
        super().__init__(service, spec.name, spec.inputs, settings)
        self._spec = spec
        self._codec = codec
        self._producer = producer

    def _run(self) -> None:
        self._source = self._consumer()
        self._source.subscribe(list(self.inputs), on_assign=self._assign, on_revoke=self._revoke, on_lost=self._revoke)
        try:
            while not self._stop.is_set():
                self._turn()
                messages = self._usable(self._source.consume(self.settings.batch_records, READ_WAIT_S))
                if messages:
                    self._batch(messages)
        finally:
            self._source.close()

    def _batch(self, messages: list[Message]) -> None:
        began = time.monotonic()
        received: list[Received] = []
        letters: list[Outgoing] = []
        for message in messages:
            self._take(message, received, letters)
        emits = self._handled(received)
        if emits is None:
            return  # asked to stop while the world was down: the batch is read again
        records = [
            record for emit in emits for record in outgoing(emit, self._codec, received[0].partition if received else 0)
        ]
        self._producer.send_records([*records, *letters])
        self._commit(messages, began)

    def _take(self, message: Message, received: list[Received], letters: list[Outgoing]) -> None:
        topic, partition, offset = str(message.topic()), int(message.partition() or 0), int(message.offset() or 0)
        metrics.RECORDS_IN.labels(self.name, topic).inc()
        value = message.value()
        if value is None:
            return  # a tombstone: nothing to store
        try:
            event = self._codec.decode(value)
        except Reject as error:
            self.refused += 1
            metrics.DEAD_LETTERS.labels(self.name, error.reason).inc()
            source = Incoming(topic, partition, offset, message.key() or b"", value)
            if not topic.endswith(".dead"):
                letters += dead_letters(self.service, source, None, [Refusal(error.reason, error.detail)], self._codec)
            return
        if isinstance(event, Envelope):
            received.append(Received(topic, partition, offset, event))

    def _handled(self, batch: Sequence[Received]) -> Sequence[Emit] | None:
        pause = FIRST_PAUSE_S
        while not self._stop.is_set():
            self._turn()
            try:
                return self._spec.handle(batch) if batch else ()
            except Retry as error:
                metrics.RETRIES.labels(self.name).inc()
                log.warning("retrying", stage=self.name, detail=str(error), pause_s=pause)
                self._stop.wait(pause)
                pause = min(LAST_PAUSE_S, pause * 2)
        return None

    def _commit(self, messages: list[Message], began: float) -> None:
        ends: dict[tuple[str, int], int] = {}
        for message in messages:
            place = (str(message.topic()), int(message.partition() or 0))
            if place in self.assigned:
                ends[place] = int(message.offset() or 0) + 1
        try:
            self._source.commit(offsets=[TopicPartition(t, p, end) for (t, p), end in ends.items()], asynchronous=False)
        except KafkaException as error:
            # the batch is stored; whoever reads it again will see that it is
            log.warning("commit_failed", stage=self.name, detail=str(error))
            return
        self._committed(began)

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.assign(partitions)
        self._took_over(partitions)

    def _revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._gave_up()
