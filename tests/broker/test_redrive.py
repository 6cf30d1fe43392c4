"""Refused inputs go back where they came from, verbatim and once; what is not chosen stays."""

from collections.abc import Callable

import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition

from revloop.contracts import codec
from revloop.contracts.codec import Codec, Framing
from revloop.contracts.fingerprint import fingerprint_of
from revloop.contracts.generated.events import DeadLetter
from revloop.contracts.generated.schemas import SCHEMAS
from revloop.contracts.generated.topics import PARTITIONS
from revloop.contracts.topic import MAX_DEAD_LETTER_BYTES
from revloop.kafka.admin import apply, topic_specs
from revloop.kafka.redrive import HEADER, Choice, RedriveFailed, redrive
from tests.avro import examples
from tests.broker.records import WAIT_S

TOPIC = "outcomes"
LARGE = b"x" * 3_000_000
"""More than a client takes unless it is told otherwise."""
READ_WAIT_S = 0.5
"""A read waits so long for more than there is."""


def letter(offset: int, reason: str, tenant: str, value: bytes) -> DeadLetter:
    known = next(event for event in examples() if isinstance(event, DeadLetter))
    made = {name: getattr(known, name) for name in known.__struct_fields__}
    found = {"event_id": f"ded_{offset}_{reason}", "topic": TOPIC, "partition": 3, "offset": offset, "key": b"k"}
    return DeadLetter(**{**made, **found, "reason": reason, "tenant_id": tenant, "value": value})


@pytest.fixture
def client(kafka: str) -> dict[str, str]:
    client = {"bootstrap.servers": kafka}
    apply(topic_specs(), client)
    return client


def write(
    client: dict[str, str], letters: list[DeadLetter], encode: Callable[[DeadLetter], bytes] = codec.encode
) -> None:
    producer = Producer({**client, "message.max.bytes": MAX_DEAD_LETTER_BYTES})
    for one in letters:
        producer.produce(f"{TOPIC}.dead", encode(one), b"k", 3)
    assert producer.flush(WAIT_S) == 0


def written(client: dict[str, str]) -> list[Message]:
    consumer = Consumer({**client, "group.id": "of-the-test", "enable.partition.eof": True})
    consumer.assign([TopicPartition(TOPIC, partition, 0) for partition in range(PARTITIONS)])
    found: list[Message] = []
    ended = 0
    while ended < PARTITIONS:
        for message in consumer.consume(100, READ_WAIT_S):
            if message.error():
                ended += 1
            else:
                found.append(message)
    consumer.close()
    return found


def test_chosen_inputs_go_back_verbatim_and_once(client: dict[str, str]) -> None:
    write(
        client,
        [
            letter(1, "bad_avro", "acme", b"one"),
            letter(2, "not_wanted", "acme", b"two"),
            letter(2, "half_wanted", "acme", b"two"),
            letter(3, "not_wanted", "other", LARGE),
        ],
    )
    told: list[DeadLetter] = []
    assert redrive(TOPIC, Choice(tenant="acme", reason="not_wanted"), client, Codec(), told.append) == 1
    assert [one.value for one in told] == [b"two"]
    assert redrive(TOPIC, Choice(partition=3, offset=1), client, Codec(), told.append) == 1
    assert redrive(TOPIC, Choice(partition=3, offset=9), client, Codec(), told.append) == 0
    assert redrive(TOPIC, Choice(), client, Codec(), told.append) == 3
    found = written(client)
    assert [message.value() for message in found] == [b"two", b"one", b"one", b"two", LARGE]
    assert {(message.key(), message.partition()) for message in found} == {(b"k", 3)}
    assert found[0].headers() == [(HEADER, b"ded_2_not_wanted")]


def test_letters_in_a_registrys_framing_go_back_too(client: dict[str, str]) -> None:
    framed = Codec(Framing.CONFLUENT, {fingerprint_of(SCHEMAS["dead/dead_letter.v1"]): 7})
    write(client, [letter(4, "framed", "acme", b"\x00\x00\x00\x00\x09four")], framed.encode)
    told: list[DeadLetter] = []
    codec = Codec(text_of={7: SCHEMAS["dead/dead_letter.v1"]}.get)
    assert redrive(TOPIC, Choice(reason="framed"), client, codec, told.append) == 1
    assert [message.value() for message in written(client)][-1] == b"\x00\x00\x00\x00\x09four"


def test_a_topic_without_dead_letters_is_refused_with_those_that_have(client: dict[str, str]) -> None:
    with pytest.raises(RedriveFailed, match=r"'fax' has no dead letters; topics that have: account\.states"):
        redrive("fax", Choice(), client, Codec(), print)
