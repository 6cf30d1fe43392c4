"""Turns what cores emit into Kafka records: topic, key, partition, bytes and trace headers."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

import msgspec

from revloop.contracts.codec import Codec
from revloop.contracts.generated.events import DeadLetter, Envelope, TenantValue, Tick
from revloop.contracts.generated.topics import PARTITIONS, TOPICS
from revloop.contracts.ids import derive_id, trace_of
from revloop.contracts.keys import partition_of, tenant_key
from revloop.contracts.topic import Topic, home_key, key_of
from revloop.stage import Emit, Refusal
from revloop.streams.specs import Headers


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """One record to produce."""

    topic: str
    partition: int
    key: bytes
    value: bytes | None
    headers: Headers


class Incoming(msgspec.Struct, frozen=True, gc=False):
    """Where an input stood, for its dead letter."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes


def outgoing(emit: Emit, codec: Codec, input_partition: int) -> Iterator[Outgoing]:
    """The records of one emit: one, or one for each partition."""
    event = emit.event
    topic = TOPICS[emit.topic]
    if event is None:
        if emit.key is None:
            raise ValueError(f"a tombstone on {emit.topic} needs its key")
        yield Outgoing(emit.topic, partition_of(home_key(topic, emit.key), PARTITIONS), emit.key.encode(), None, [])
        return
    value, headers = codec.encode(event), trace_headers(event)
    if isinstance(event, Tick | TenantValue):
        key = tenant_key(event.clock if isinstance(event, Tick) and not event.tenant_id else event.tenant_id)
        for partition in _partitions_of_all(emit, topic, key, input_partition):
            yield Outgoing(emit.topic, partition, key.encode(), value, headers)
        return
    text = key_of(topic, event)
    yield Outgoing(emit.topic, partition_of(home_key(topic, text), PARTITIONS), text.encode(), value, headers)


def _partitions_of_all(emit: Emit, topic: Topic, key: str, input_partition: int) -> Iterable[int]:
    """Time and a tenant's figures go where the facts go that they follow.

    That is a tenant's stream at the edge, then the partition on which they came.
    """
    if emit.every_partition:
        return range(PARTITIONS)
    return (partition_of(key, PARTITIONS) if topic.key == "tenant" else input_partition,)


def trace_headers(event: Envelope) -> Headers:
    """W3C trace context: the event's trace, and a span derived from its id."""
    span = sha256(event.event_id.encode()).hexdigest()[:16]
    return [("traceparent", f"00-{event.trace_id}-{span}-01".encode())]


def dead_letters(
    service: str, source: Incoming, event: Envelope | None, refusals: Sequence[Refusal], codec: Codec
) -> Iterator[Outgoing]:
    """A dead letter for each refusal of one input, beside the topic it came from; its bytes are kept as they were."""
    for number, refusal in enumerate(refusals):
        event_id = derive_id("ded", service, source.topic, source.partition, source.offset, number)
        letter = DeadLetter(
            event_id=event_id,
            event_type=DeadLetter.EVENT_TYPE,
            tenant_id=event.tenant_id if event else "",
            account_id=event.account_id if event else "",
            source=service,
            trace_id=event.trace_id if event else trace_of(event_id),
            caused_by=event.event_id if event else "",
            occurred_at=event.occurred_at if event else 0,
            observed_at=event.observed_at if event else 0,
            service=service,
            topic=source.topic,
            partition=source.partition,
            offset=source.offset,
            key=source.key,
            value=source.value,
            reason=refusal.reason,
            detail=refusal.detail,
        )
        topic = TOPICS[source.topic].dead
        yield Outgoing(topic, source.partition, source.key, codec.encode(letter), trace_headers(letter))


def told(source: Incoming, event: Envelope | None, refusal: Refusal) -> dict[str, object]:
    """What the log says of a refused input."""
    found: dict[str, object] = {
        "topic": source.topic,
        "partition": source.partition,
        "offset": source.offset,
        "reason": refusal.reason,
        "detail": refusal.detail,
    }
    return found if event is None else {**found, "trace_id": event.trace_id, "event_id": event.event_id}
