"""Bytes come in, a value or a refusal with a reason comes out, in either framing; nothing else, whatever the bytes."""

import struct

import msgspec
import pytest

from revloop.contracts import codec
from revloop.contracts.codec import Codec, Framing
from revloop.contracts.failures import DecodeError, EncodeError, Reject, Retry, UnknownSchema
from revloop.contracts.generated.codec import FINGERPRINTS
from revloop.contracts.generated.events import DeliverySeen, Disposition, EntityChange, SignalChange, Snapshot, Tick
from revloop.contracts.generated.schemas import SCHEMAS
from tests.avro import Value, examples


def some(kind: type[Value]) -> Value:
    """The first example of a class."""
    return next(value for value in examples() if type(value) is kind)


@pytest.mark.parametrize("value", examples(), ids=lambda value: value.SCHEMA)
def test_bytes_cut_anywhere_or_too_long_are_refused(value: Value) -> None:
    data = codec.encode(value)
    for end in range(len(data)):
        with pytest.raises(DecodeError) as refusal:
            codec.decode(data[:end])
        assert refusal.value.reason == "bad_avro"
    with pytest.raises(DecodeError, match="1 bytes"):
        codec.decode(data + b"\0")


LONG_TEN_BYTES = b"\xff" * 9 + b"\x01"
HUGE_COUNT = b"\xfe" + b"\xff" * 8 + b"\x01"  # 2**63 - 1
SEEN = codec.encode(DeliverySeen(due_at=None, refused=False))[:10]
BAD: dict[str, bytes] = {
    "nothing": b"",
    "one byte": b"\xc3",
    "JSON": b'{"event_id": "x"}',
    "no such branch": SEEN + b"\x04",
    "a negative branch": SEEN + b"\x01",
    "a branch in two bytes": SEEN + b"\x82\x00\x02",
    "eleven bytes of number": SEEN + b"\x02" + b"\xff" * 10 + b"\x01",
    "eleven bytes of nothing": SEEN + b"\x02" + b"\x80" * 10 + b"\x00",
    "65 bits of number": SEEN + b"\x02" + b"\xff" * 9 + b"\x02",
    "a number without end": SEEN + b"\x02" + b"\xff",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_bytes_are_refused_with_a_reason(name: str) -> None:
    with pytest.raises(Reject) as refusal:
        codec.decode(BAD[name])
    assert refusal.value.reason == "bad_avro"
    assert refusal.value.detail


def tampered(value: Value, old: bytes, new: bytes) -> bytes:
    data = codec.encode(value)
    assert data.count(old) == 1
    return data.replace(old, new)


def test_values_that_no_writer_writes_are_refused() -> None:
    marked = "needle"
    snapshot = msgspec.structs.replace(some(Snapshot), fields={marked: 1.5})
    double = struct.pack("<d", 1.5)
    for bad in (struct.pack("<d", float("nan")), struct.pack("<d", float("inf"))):
        with pytest.raises(DecodeError, match="finite"):
            codec.decode(tampered(snapshot, double, bad))
    truth = msgspec.structs.replace(some(Snapshot), fields={marked: True})
    with pytest.raises(DecodeError, match="boolean"):
        codec.decode(tampered(truth, b"needle\x02\x01", b"needle\x02\x02"))
    with pytest.raises(DecodeError, match="scalar"):
        codec.decode(tampered(truth, b"needle\x02\x01", b"needle\x0a\x01"))
    text = msgspec.structs.replace(some(Snapshot), fields={marked: "haystack"})
    with pytest.raises(DecodeError, match="UnicodeDecodeError"):
        codec.decode(tampered(text, b"haystack", b"hay\xffstac"))
    number = msgspec.structs.replace(some(Disposition), items=1_000_003, reason="needle")
    with pytest.raises(DecodeError, match="32 bits"):
        codec.decode(tampered(number, _zigzag(1_000_003), _zigzag(1 << 40)))


def _zigzag(value: int) -> bytes:
    rest, out = value << 1, bytearray()
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def test_a_count_that_the_bytes_cannot_hold_is_refused_at_once() -> None:
    change = msgspec.structs.replace(some(EntityChange), changed=("needle",), fields={})
    for count in (HUGE_COUNT, LONG_TEN_BYTES, _zigzag(1000), LONG_TEN_BYTES + HUGE_COUNT):
        with pytest.raises(DecodeError, match=r"block|bits|length"):
            codec.decode(tampered(change, b"\x02\x0cneedle", count + b"\x0cneedle"))


def test_an_end_of_blocks_in_two_bytes_is_refused() -> None:
    change = msgspec.structs.replace(some(EntityChange), changed=("needle",), fields={})
    with pytest.raises(DecodeError, match="block"):
        codec.decode(tampered(change, b"\x02\x0cneedle\x00", b"\x02\x0cneedle\x80\x00\x00"))


def test_an_array_in_blocks_with_sizes_is_read() -> None:
    """Other writers may give the size of a block, and several blocks."""
    change = msgspec.structs.replace(some(EntityChange), changed=("needle",), fields={})
    data = tampered(change, b"\x02\x0cneedle", b"\x01\x0e\x0cneedle" + b"\x03\x08\x02a\x02b")
    assert codec.decode(data) == msgspec.structs.replace(change, changed=("needle", "a", "b"))


def test_an_event_under_the_schema_of_another_type_is_refused() -> None:
    data = codec.encode(some(Tick)).replace(b"raw.tick.v1", b"raw.tock.v1")
    with pytest.raises(DecodeError, match=r"raw\.tock\.v1"):
        codec.decode(data)


def test_an_unknown_schema_has_a_reason_of_its_own() -> None:
    data = codec.encode(some(Tick))
    with pytest.raises(UnknownSchema, match="upgrade") as refusal:
        codec.decode(data[:2] + b"\x01" * 8 + data[10:])
    assert refusal.value.reason == "unknown_schema"


# --- a registry's framing

IDS = {fingerprint: number for number, fingerprint in enumerate(FINGERPRINTS.values(), start=100)}


@pytest.mark.parametrize("framing", Framing)
def test_both_framings_are_read_whichever_is_written(framing: Framing) -> None:
    deployed = Codec(framing, IDS)
    for value in examples():
        for data in (deployed.encode(value), codec.encode(value)):
            assert deployed.decode(data) == value


def test_confluent_framing_is_a_zero_and_the_id() -> None:
    signal = some(SignalChange)
    number = IDS[FINGERPRINTS[SignalChange]]
    data = Codec(Framing.CONFLUENT, IDS).encode(signal)
    assert data == struct.pack(">bI", 0, number) + codec.encode(signal)[10:]


def test_an_event_that_the_registry_does_not_know_is_not_written() -> None:
    with pytest.raises(EncodeError, match="register"):
        Codec(Framing.CONFLUENT, {}).encode(some(Tick))


@pytest.mark.parametrize("data", [b"\0", b"\0\0\0\0", b"\0\0\0\0\1"])
def test_a_framing_without_a_known_id_is_refused(data: bytes) -> None:
    with pytest.raises(Reject) as refusal:
        Codec().decode(data)
    assert refusal.value.reason == ("unknown_schema" if len(data) > 4 else "bad_avro")


class Registry:
    """What the client of a registry offers: the text of a schema by its id."""

    def __init__(self, texts: dict[int, str]) -> None:
        self._texts = texts
        self.asked: list[int] = []

    def text_of(self, number: int) -> str | None:
        """None for an unknown id; id 0 stands for a registry that is down."""
        self.asked.append(number)
        if number == 0:
            raise Retry("the registry does not answer")
        return self._texts.get(number)


def test_the_registry_is_asked_once_for_an_id_that_is_not_ours() -> None:
    tick = some(Tick)
    registry = Registry({7: SCHEMAS[Tick.SCHEMA], 8: "no schema", 9: '{"type": "record"}'})
    deployed = Codec(Framing.CONFLUENT, IDS, registry.text_of)
    body = codec.encode(tick)[10:]
    assert [deployed.decode(struct.pack(">bI", 0, 7) + body) for _ in range(2)] == [tick, tick]
    assert registry.asked == [7]
    for number in (8, 9, 10):
        with pytest.raises(UnknownSchema):
            deployed.decode(struct.pack(">bI", 0, number) + body)
    with pytest.raises(Retry):
        deployed.decode(struct.pack(">bI", 0, 0) + body)
