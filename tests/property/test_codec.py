"""What a schema allows survives the codec in fastavro's bytes; whatever bytes come, a value or a refusal comes out."""

import random
import resource
import time
from collections.abc import Callable
from functools import cache

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revloop.contracts import codec
from revloop.contracts.failures import DecodeError, UnknownSchema
from revloop.contracts.generate.model import SCALAR, Array, Enum, Map, Primitive, Record, Ref, Schemas, Type, Union
from revloop.contracts.generated import events
from tests.avro import (
    CLASSES,
    Json,
    Value,
    exact,
    examples,
    fastavro_bytes,
    fastavro_value,
    for_fastavro,
    plain,
    present,
    root,
)

TEXT = st.text(max_size=70)
LONG = st.one_of(st.integers(-70, 70), st.integers(-(1 << 63), (1 << 63) - 1))
DOUBLE = st.floats(allow_nan=False, allow_infinity=False)
PRIMITIVES: dict[str, st.SearchStrategy[object]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.one_of(st.integers(-70, 70), st.integers(-(1 << 31), (1 << 31) - 1)),
    "long": LONG,
    "double": DOUBLE,
    "bytes": st.binary(max_size=70),
    "string": TEXT,
}
SCALARS = st.one_of(st.none(), st.booleans(), LONG, DOUBLE, TEXT)


@cache
def schemas() -> Schemas:
    return present()


@cache
def oracle(schema: str) -> Json:
    return for_fastavro(schemas(), root(schemas(), schema))


def values(kind: Type) -> st.SearchStrategy[object]:
    """Every value that a type allows."""
    match kind:
        case Primitive(name):
            return PRIMITIVES[name]
        case Array(items):
            return st.lists(values(items), max_size=2).map(tuple)
        case Map(inner):
            return st.dictionaries(TEXT, values(inner), max_size=4)
        case Union(branches):
            return SCALARS if kind == SCALAR else st.none() | values(branches[1])
        case Ref(name):
            item = schemas().named[name]
            return _enum(item) if isinstance(item, Enum) else records(item)


def _enum(item: Enum) -> st.SearchStrategy[object]:
    return st.sampled_from(list(getattr(events, item.class_name)))


@cache
def records(record: Record) -> st.SearchStrategy[object]:
    """Every record of a class; an event has the type of its class."""
    kind = getattr(events, record.class_name)
    fields = {field.name: values(field.type) for field in record.fields}
    if record.is_event:
        fields["event_type"] = st.just(kind.EVENT_TYPE)
    return st.builds(kind, **fields)


def anything(schema: str) -> st.SearchStrategy[Value]:
    """Every event or state of a schema."""
    return records(root(schemas(), schema))  # type: ignore[return-value]  # a root's class is one of the two


@pytest.mark.parametrize("schema", CLASSES)
def test_every_value_survives_and_its_bytes_are_those_of_fastavro(schema: str) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(anything(schema))
    def holds(value: Value) -> None:
        data = codec.encode(value)
        assert exact(codec.decode(data)) == exact(value)
        assert data[10:] == fastavro_bytes(oracle(schema), plain(value))
        assert fastavro_value(data[10:], oracle(schema)) == plain(value)

    holds()


# --- mutations

MUTATIONS = 20_000
SLOWEST_S = 0.25
MOST_KILOBYTES = 100_000


def cut(chance: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: chance.randrange(len(data))]


def flip(chance: random.Random, data: bytes, other: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def splice(chance: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: chance.randrange(len(data))] + other[chance.randrange(len(other)) :]


def extreme(chance: random.Random, data: bytes, other: bytes) -> bytes:
    at = chance.randrange(len(data))
    number = chance.choice([b"\xff" * 9 + b"\x01", b"\xfe" + b"\xff" * 8 + b"\x01", b"\xff" * 11, b"\x80" * 4, b"\x01"])
    return data[:at] + number + data[at + chance.randrange(3) :]


MUTATORS: list[Callable[[random.Random, bytes, bytes], bytes]] = [cut, flip, splice, extreme]


def test_mutated_bytes_give_a_value_or_a_refusal_in_bounded_time_and_memory() -> None:
    bodies = [codec.encode(value) for value in examples()]
    chance = random.Random(20_130_901)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused = slowest = 0.0
    for number in range(MUTATIONS):
        head, body = (data := chance.choice(bodies))[:10], data[10:]
        mutated = head + MUTATORS[number % len(MUTATORS)](chance, body, chance.choice(bodies)[10:])
        start = time.thread_time()
        try:
            value = codec.decode(mutated)
        except (DecodeError, UnknownSchema):
            refused += 1
        else:
            assert exact(codec.decode(codec.encode(value))) == exact(value)
        slowest = max(slowest, time.thread_time() - start)
    assert 0.5 < refused / MUTATIONS < 0.99
    assert slowest < SLOWEST_S
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_KILOBYTES


def test_mutated_heads_are_refused() -> None:
    data = codec.encode(examples()[0])
    for at in range(10):
        for bit in range(8):
            changed = bytearray(data)
            changed[at] ^= 1 << bit
            with pytest.raises((DecodeError, UnknownSchema)):
                codec.decode(bytes(changed))


@given(st.binary(max_size=200))
def test_any_bytes_behind_any_head_give_a_value_or_a_refusal(body: bytes) -> None:
    for value in examples()[::9]:
        try:
            found = codec.decode(codec.encode(value)[:10] + body)
        except DecodeError:
            continue
        assert isinstance(found, msgspec.Struct)
