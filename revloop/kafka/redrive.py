"""Dead letters come in; the inputs they hold go back, verbatim, to the partition of the topic they came from."""

import time
from collections.abc import Callable, Iterator

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from revloop.contracts.codec import Codec
from revloop.contracts.failures import RevloopError
from revloop.contracts.generated.events import DeadLetter
from revloop.contracts.generated.topics import PARTITIONS, TOPICS
from revloop.contracts.topic import MAX_DEAD_LETTER_BYTES
from revloop.kafka.answering import SILENT, topics_of
from revloop.kafka.client import ClientConfig

READ_RECORDS = 1000
READ_WAIT_S = 1.0
WAIT_S = 30.0
HEADER = "redriven"
"""Names the dead letter that brought a record back."""


class RedriveFailed(RevloopError):
    """No such topic, or Kafka did not take a record; what went before is written, and repeats do no harm."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which dead letters; what is not named is not asked."""

    tenant: str | None = None
    reason: str | None = None
    partition: int | None = None
    offset: int | None = None
    """Where the refused input stood."""

    def takes(self, letter: DeadLetter) -> bool:
        """Whether ``letter`` is among them."""
        asked = ((self.tenant, letter.tenant_id), (self.reason, letter.reason))
        places = ((self.partition, letter.partition), (self.offset, letter.offset))
        return all(wanted is None or wanted == found for wanted, found in (*asked, *places))


def redrive(
    topic: str, choice: Choice, client: ClientConfig, codec: Codec, told: Callable[[DeadLetter], object]
) -> int:
    """Write the chosen inputs of ``topic`` back to it; gives their number. Raises RedriveFailed or NoBroker.

    ``codec`` reads the letters, in whichever framing this deployment writes them. Each input goes back once, however
    many reasons it was refused for. ``told`` is called with each letter taken.
    """
    known = TOPICS.get(topic)
    if known is None or not known.dead:
        dead = ", ".join(sorted(name for name, found in TOPICS.items() if found.dead))
        raise RedriveFailed(f"{topic!r} has no dead letters; topics that have: {dead}")
    if known.dead not in topics_of(client)[1]:
        raise RedriveFailed(f"there is no {known.dead}: create the topics with `revloop topics apply`")
    size = {"message.max.bytes": MAX_DEAD_LETTER_BYTES}  # wider than the topic's own limit, which the broker holds
    producer = Producer({**client, **SILENT, **size, "acks": "all", "enable.idempotence": True})
    failures: list[KafkaError] = []
    done: set[tuple[int, int]] = set()

    def report(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failures.append(error)

    for letter in _letters(known.dead, client, codec):
        place = (letter.partition, letter.offset)
        if place in done or not choice.takes(letter):
            continue
        done.add(place)
        told(letter)
        headers: list[tuple[str, str | bytes | None]] = [(HEADER, letter.event_id)]
        producer.produce(topic, letter.value, letter.key, letter.partition, headers=headers, on_delivery=report)
        producer.poll(0)
    if producer.flush(WAIT_S) or failures:
        reason = failures[0].str() if failures else f"no acknowledgement within {WAIT_S:.0f} s"
        raise RedriveFailed(f"Kafka did not take everything ({reason}): run it again, repeats are recognised")
    return len(done)


def _letters(topic: str, client: ClientConfig, codec: Codec) -> Iterator[DeadLetter]:
    """Every committed dead letter of a topic, up to where it ended when reading began."""
    config = {"enable.auto.commit": False, "enable.partition.eof": True, "isolation.level": "read_committed"}
    consumer = Consumer({**client, **SILENT, **config, "group.id": "revloop-redrive"})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
    open_partitions = set(range(PARTITIONS))
    heard = time.monotonic()
    try:
        while open_partitions:
            if time.monotonic() - heard > WAIT_S:
                raise RedriveFailed(f"{topic} cannot be read to its end: the broker said nothing for {WAIT_S:.0f} s")
            for message in consumer.consume(READ_RECORDS, READ_WAIT_S):
                error = message.error()
                if error is None:
                    heard = time.monotonic()
                    letter = codec.decode(message.value() or b"")
                    if isinstance(letter, DeadLetter):
                        yield letter
                elif error.code() == KafkaError._PARTITION_EOF:
                    heard = time.monotonic()
                    open_partitions.discard(int(message.partition() or 0))
                elif not error.retriable():
                    raise RedriveFailed(f"{topic}: {error.str()}: create the topics with `revloop topics apply`")
    except KafkaException as error:
        raise RedriveFailed(str(error)) from error
    finally:
        consumer.close()
