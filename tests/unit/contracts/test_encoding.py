"""The encoder is the type check: at every place of every example, every value of another type is refused."""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache

import msgspec
import pytest

from revloop.contracts import codec
from revloop.contracts.failures import EncodeError
from revloop.contracts.generate.model import SCALAR, Array, Enum, Map, Primitive, Record, Ref, Schemas, Type, Union
from revloop.contracts.generated.events import (
    DeliverySeen,
    EntityChange,
    EntityRef,
    RiskTier,
    Severity,
    SignalChange,
    Snapshot,
    Statement,
    TenantClock,
)
from tests.avro import CLASSES, Value, examples, present, root

HUGE = 1 << 63
NAN, INFINITY = float("nan"), float("inf")
WRONG: dict[str, list[object]] = {
    "string": [None, 1, True, b"x", ["x"], "\ud800"],
    "bytes": [None, "x", bytearray(b"x"), memoryview(b"x"), [1]],
    "boolean": [None, 0, 1, "true", 1.0],
    "int": [None, True, 1.0, "1", Decimal(1), 1 << 31, -(1 << 31) - 1],
    "long": [None, True, 1.0, "1", Decimal(1), HUGE, -HUGE - 1, 10**5_000],
    "double": [None, True, "1", Decimal(1), NAN, INFINITY, -INFINITY, (1 << 53) + 1, 10**400, 10**5_000],
}
NO_SCALAR: list[object] = [b"x", [1], {}, (), Decimal(1), NAN, INFINITY, HUGE, -HUGE - 1, "\udfff", Severity.low]
NO_ARRAY: list[object] = [None, "ab", b"ab", {"a": 1}, {1}, 5, iter([])]
NO_MAP: list[object] = [None, [("a", "b")], {1: "x"}, {b"k": "x"}, {"k": "x", 2: "y"}, {"\ud800": "x"}, "ab"]
OTHER = EntityRef(connector="", entity_type="", entity_id="", entity_key="")
OTHER_PART = Statement(text="", signal_ids=(), evidence=())


@cache
def schemas() -> Schemas:
    return present()


def wrong(kind: Type, value: object) -> Iterator[object]:
    """Values that may not stand where ``value`` of ``kind`` stands."""
    match kind:
        case Primitive(name):
            yield from WRONG[name]
        case Array(items):
            yield from NO_ARRAY
            assert isinstance(value, tuple)
            for index, item in enumerate(value):
                yield from ((*value[:index], bad, *value[index + 1 :]) for bad in wrong(items, item))
        case Map(values):
            yield from NO_MAP
            assert isinstance(value, dict)
            for name, item in value.items():
                yield from ({**value, name: bad} for bad in wrong(values, item))
        case Union(branches):
            yield from NO_SCALAR if kind == SCALAR else _not_null(branches[1], value)
        case Ref(name):
            yield from _wrong_named(schemas().named[name], value)


def _not_null(kind: Type, value: object) -> Iterator[object]:
    bad = wrong(kind, value) if value is not None else iter(WRONG.get(getattr(kind, "name", ""), [object()]))
    return (item for item in bad if item is not None)


def _wrong_named(item: Enum | Record, value: object) -> Iterator[object]:
    if isinstance(item, Enum):
        yield from (None, 0, [], "no such symbol", item.symbols[0])
        yield from (other for other in (RiskTier.LOW, Severity.low) if type(other).__name__ != item.class_name)
        return
    yield from (None, {}, (), OTHER if not isinstance(value, EntityRef) else OTHER_PART)
    assert isinstance(value, msgspec.Struct)
    for field in item.fields:
        yield from (_with(value, field.name, bad) for bad in wrong(field.type, getattr(value, field.name)))


def _with(value: msgspec.Struct, name: str, bad: object) -> msgspec.Struct:
    return msgspec.structs.replace(value, **{name: bad})


def faults(value: Value) -> Iterator[tuple[str, Value]]:
    """Copies of ``value`` with one value of a wrong type somewhere below the field that is named."""
    for field in root(schemas(), value.SCHEMA).fields:
        for bad in wrong(field.type, getattr(value, field.name)):
            yield field.name, msgspec.structs.replace(value, **{field.name: bad})


@pytest.mark.parametrize("value", examples(), ids=lambda value: value.SCHEMA)
def test_a_value_of_another_type_is_refused_wherever_it_stands(value: Value) -> None:
    tried = 0
    for name, bad in faults(value):
        tried += 1
        try:
            codec.encode(bad)
        except EncodeError:
            continue
        pytest.fail(f"{name} was written: {bad!r}")
    assert tried >= 5


def some(kind: type[Value]) -> Value:
    """The first example of a class."""
    return next(value for value in examples() if type(value) is kind)


def test_what_only_looks_wrong_is_written() -> None:
    """A list for a tuple, and a whole number where a double is wanted, lose nothing on the way."""
    signal = msgspec.structs.replace(some(SignalChange), confidence=1, value=31)
    assert codec.decode(codec.encode(signal)) == signal
    listed = msgspec.structs.replace(some(EntityChange), changed=["amount", "stage"])
    assert codec.decode(codec.encode(listed)) == msgspec.structs.replace(listed, changed=("amount", "stage"))


def test_scalars_keep_their_type() -> None:
    fields = {"a": True, "b": 1, "c": 1.0, "d": "1", "e": None, "f": -0.0, "g": (1 << 63) - 1, "h": -(1 << 63)}
    snapshot = msgspec.structs.replace(some(Snapshot), fields=fields)
    found = codec.decode(codec.encode(snapshot))
    assert isinstance(found, Snapshot)
    assert {name: repr(value) for name, value in found.fields.items()} == {n: repr(v) for n, v in fields.items()}


def test_equal_maps_give_equal_bytes() -> None:
    snapshot = some(Snapshot)
    assert isinstance(snapshot, Snapshot)
    turned = msgspec.structs.replace(snapshot, fields=dict(reversed(snapshot.fields.items())))
    assert codec.encode(turned) == codec.encode(snapshot)


def test_an_error_names_the_class_and_the_place() -> None:
    signal = some(SignalChange)
    assert isinstance(signal, SignalChange)
    entity = msgspec.structs.replace(signal.entity, entity_key=7)
    with pytest.raises(EncodeError, match=r"SignalChange.*\$\.entity\.entity_key"):
        codec.encode(msgspec.structs.replace(signal, entity=entity))


def test_an_event_says_its_own_type() -> None:
    with pytest.raises(EncodeError, match=r"raw\.tick\.v1"):
        codec.encode(msgspec.structs.replace(some(SignalChange), event_type="raw.tick.v1"))


def test_a_part_of_an_event_is_not_written_alone() -> None:
    with pytest.raises(EncodeError, match="EntityRef"):
        codec.encode(OTHER)  # type: ignore[arg-type]  # what the type checker would refuse


@pytest.mark.parametrize(
    "at", [0, 63, 64, -64, -65, 2**31, 2**34, 2**34 - 1, 2**41 - 1, 2**41, -(2**41), 2**62, -(2**63)]
)
def test_whole_numbers_of_every_length_come_back(at: int) -> None:
    clock = TenantClock(at=at)
    assert codec.decode(codec.encode(clock)) == clock


def test_null_is_told_from_zero() -> None:
    assert codec.decode(codec.encode(DeliverySeen(due_at=None, refused=False))) == DeliverySeen(
        due_at=None, refused=False
    )
    assert codec.decode(codec.encode(DeliverySeen(due_at=0, refused=False))) == DeliverySeen(due_at=0, refused=False)


def test_every_class_that_stands_alone_is_known() -> None:
    assert {record.schema for record in schemas().roots} == CLASSES.keys()
