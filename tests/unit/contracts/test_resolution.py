"""What another release wrote is read by Avro's rules, as fastavro reads it; what does not resolve is refused."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from revloop.contracts.failures import DecodeError, Reject, UnknownSchema
from revloop.contracts.generated.events import SignalChange, Tick
from revloop.contracts.generated.schemas import SCHEMAS
from revloop.contracts.resolution import reader_for
from tests.avro import (
    EXAMPLES,
    Json,
    edited,
    exact,
    example,
    example_files,
    fastavro_bytes,
    fastavro_value,
    field,
    for_fastavro,
    plain,
    present,
    root,
    schema_of,
)

SIGNAL = "signals/signal_change.v1"


def signal() -> SignalChange:
    found = example(EXAMPLES / SIGNAL / "close_date_slipped.json")
    assert isinstance(found, SignalChange)
    return found


@pytest.mark.parametrize("path", example_files(), ids=lambda path: path.relative_to(EXAMPLES).as_posix())
def test_our_own_schemas_read_the_same_way(path: Path) -> None:
    value, schemas = example(path), present()
    data = fastavro_bytes(for_fastavro(schemas, root(schemas, schema_of(path))), plain(value))
    assert exact(reader_for(SCHEMAS[schema_of(path)])(data, 0)) == exact(value)


def _extra(document: Json) -> None:
    kind = {"type": "map", "values": ["null", {"type": "array", "items": "boolean"}]}
    document["fields"].insert(11, {"name": "extra", "type": kind, "doc": "Only theirs."})


def _narrow(document: Json) -> None:
    field(document, "valid_until")["type"] = ["null", "int"]
    field(document, "value")["type"] = ["null", "long"]


def _turned(document: Json) -> None:
    document["fields"] = document["fields"][:9] + document["fields"][:8:-1]


EDITS: dict[str, tuple[Callable[[Json], None], Json]] = {
    "a field that ours lacks": (_extra, {"extra": {"a": [True, False], "b": None}}),
    "narrower numbers": (_narrow, {"valid_until": 77, "value": 31}),
    "another order": (_turned, {}),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_older_writer_is_read_as_fastavro_reads_it(name: str, tmp_path: Path) -> None:
    edit, values = EDITS[name]
    schemas, theirs = present(), edited(tmp_path, SIGNAL, edit)
    ours, writer = (for_fastavro(each, root(each, SIGNAL)) for each in (schemas, theirs))
    data = fastavro_bytes(writer, {**plain(signal()), **values})
    found = reader_for(json.dumps(theirs.closed(root(theirs, SIGNAL))))(data, 0)
    resolved = fastavro_value(data, writer, ours)
    assert found == msgspec.convert(resolved, SignalChange)


def _without_window(document: Json) -> None:
    document["fields"].remove(field(document, "window_key"))


def _other_symbol(document: Json) -> None:
    field(document, "status")["type"]["symbols"].append("PAUSED")


def _text_for_number(document: Json) -> None:
    field(document, "confidence")["type"] = "string"


UNRESOLVED: dict[str, tuple[Callable[[Json], None], Json]] = {
    "a field without default is missing": (_without_window, {}),
    "a symbol that ours lacks": (_other_symbol, {"status": "PAUSED"}),
    "text for a number": (_text_for_number, {"confidence": "high"}),
}


@pytest.mark.parametrize("name", UNRESOLVED)
def test_what_does_not_resolve_is_an_unknown_schema(name: str, tmp_path: Path) -> None:
    edit, values = UNRESOLVED[name]
    theirs = edited(tmp_path, SIGNAL, edit)
    data = fastavro_bytes(for_fastavro(theirs, root(theirs, SIGNAL)), {**plain(signal()), **values})
    with pytest.raises(UnknownSchema):
        reader_for(json.dumps(theirs.closed(root(theirs, SIGNAL))))(data, 0)


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        '"string"',
        '{"type": "record", "name": "Elsewhere", "namespace": "other.v1", "fields": []}',
        SCHEMAS[Tick.SCHEMA].replace('"Tick"', '"Tock"'),
        SCHEMAS[Tick.SCHEMA].replace('"string"', '"float"', 1),
        "[" * 100_000,
    ],
    ids=lambda text: text[:20],
)
def test_a_schema_that_is_none_of_ours_is_refused(text: str) -> None:
    with pytest.raises(UnknownSchema):
        reader_for(text)


def test_bytes_cut_anywhere_or_too_long_are_refused() -> None:
    schemas = present()
    data = fastavro_bytes(for_fastavro(schemas, root(schemas, SIGNAL)), plain(signal()))
    read = reader_for(SCHEMAS[SIGNAL])
    assert read(data, 0) == signal()
    for end in range(len(data)):
        with pytest.raises(DecodeError):
            read(data[:end], 0)
    with pytest.raises(DecodeError, match="1 bytes"):
        read(data + b"\0", 0)


def test_bytes_under_the_schema_of_another_type_are_refused() -> None:
    schemas = present()
    other = {**plain(signal()), "event_type": "raw.tick.v1"}
    data = fastavro_bytes(for_fastavro(schemas, root(schemas, SIGNAL)), other)
    with pytest.raises(DecodeError, match=r"raw\.tick\.v1"):
        reader_for(SCHEMAS[SIGNAL])(data, 0)


def test_items_that_take_no_bytes_are_refused_by_the_first(tmp_path: Path) -> None:
    """Eleven bytes would otherwise keep a reader busy until memory ends."""
    kind = {"type": "array", "items": "null"}
    theirs = json.loads(SCHEMAS[Tick.SCHEMA])
    theirs["fields"].insert(0, {"name": "bomb", "type": kind})
    body = fastavro_bytes(json.loads(SCHEMAS[Tick.SCHEMA]), plain(example(EXAMPLES / "raw/tick.v1/wall_clock.json")))
    read = reader_for(json.dumps(theirs))
    assert isinstance(read(b"\0" + body, 0), Tick)
    for count in (b"\x02", b"\xfe" + b"\xff" * 8 + b"\x01"):
        with pytest.raises(DecodeError):
            read(count + b"\0" + body, 0)


def test_mutated_bytes_of_an_older_writer_give_a_value_or_a_refusal(tmp_path: Path) -> None:
    theirs = edited(tmp_path, SIGNAL, _extra)
    data = fastavro_bytes(
        for_fastavro(theirs, root(theirs, SIGNAL)), {**plain(signal()), "extra": {"a": [True], "b": None}}
    )
    read = reader_for(json.dumps(theirs.closed(root(theirs, SIGNAL))))
    chance, refused = random.Random(4), 0
    for _ in range(3_000):
        at = chance.randrange(len(data))
        try:
            read(data[:at] + chance.randbytes(chance.randrange(4)) + data[at + chance.randrange(3) :], 0)
        except Reject:
            refused += 1
    assert 1_000 < refused < 3_000
