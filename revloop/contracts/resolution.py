"""Bytes of another release's schema come in, events and states of this one go out, by Avro's rules of resolution.

A field that ours lacks is dropped, one that only ours has takes its default, numbers widen; the rest is refused.
The bounds are those of the generated readers, so no claim in the bytes costs more than the bytes themselves.
"""

import json
import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec

from revloop.contracts.failures import DecodeError, UnknownSchema
from revloop.contracts.fingerprint import full_name
from revloop.contracts.generated.codec import FINGERPRINTS
from revloop.contracts.generated.events import Envelope, StateRecord
from revloop.contracts.generated.schemas import OLDER, SCHEMAS
from revloop.contracts.primitives import (
    read_boolean,
    read_bytes,
    read_count,
    read_double,
    read_int,
    read_length,
    read_long,
    read_string,
)

Json: TypeAlias = Any
"""A schema as JSON has it."""
Read: TypeAlias = Callable[[bytes, int], tuple[object, int]]
Reader: TypeAlias = Callable[[bytes, int], Envelope | StateRecord]
_BAD_READ = (IndexError, struct.error, UnicodeDecodeError)
_DEEPEST = 64


@lru_cache(maxsize=1024)
def older_reader(fingerprint: bytes) -> Reader | None:
    """Reader of a past release's schema; None where the fingerprint is that of no such schema."""
    known = OLDER.get(fingerprint)
    return None if known is None else reader_for(known[1])


def reader_for(writer: str) -> Reader:
    """Reader of what was written with the schema ``writer``; raises UnknownSchema where it does not resolve to ours."""
    try:
        theirs = json.loads(writer)
        name = full_name(theirs["name"], theirs.get("namespace", ""))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UnknownSchema(f"no schema of an event: {writer[:200]!r}") from error
    event_class, ours = _ours(name)
    read = _Compiler(_defaults(ours)).compile(theirs, "", 0)
    return lambda data, at: _resolved(event_class, *_read_all(read, name, data, at))


def _ours(name: str) -> tuple[type[Envelope | StateRecord], Json]:
    for event_class in FINGERPRINTS:
        schema = json.loads(SCHEMAS[event_class.SCHEMA])
        if full_name(schema["name"], schema["namespace"]) == name:
            return event_class, schema
    raise UnknownSchema(f"this release has no schema {name}: a newer one wrote it; upgrade first, then drive it again")


def _read_all(read: Read, name: str, data: bytes, at: int) -> tuple[object, str]:
    try:
        value, end = read(data, at)
    except _BAD_READ as error:
        raise DecodeError(f"{name} of another release: {type(error).__name__} {error}") from error
    if end != len(data):
        raise DecodeError(f"{name} of another release: {len(data) - end:+} bytes")
    return value, name


def _resolved(event_class: type[Envelope | StateRecord], value: object, name: str) -> Envelope | StateRecord:
    try:
        event = msgspec.convert(value, event_class, builtin_types=(bytes,))  # drops what the class does not have
    except msgspec.ValidationError as error:
        raise UnknownSchema(f"{name} of another release does not fit this one's: {error}") from error
    if isinstance(event, Envelope) and event.event_type != event.EVENT_TYPE:
        raise DecodeError(f"an event of type {event.event_type!r} under the schema {name}")
    return event


def _defaults(schema: Json) -> dict[str, dict[str, object]]:
    """For each record of a complete schema the fields that have a default, with it."""
    found: dict[str, dict[str, object]] = {}
    waiting = [schema]
    while waiting:
        match waiting.pop():
            case list() as branches:
                waiting += branches
            case {"type": "record", "name": name, "namespace": namespace, "fields": fields}:
                found[full_name(name, namespace)] = {f["name"]: _default(f) for f in fields if "default" in f}
                waiting += [field["type"] for field in fields]
            case {"items": inner} | {"values": inner}:
                waiting.append(inner)
    return found


def _default(field: Json) -> object:
    """Avro writes the default of bytes as text, a character for each."""
    default: object = field["default"]
    return default.encode("latin-1") if field["type"] == "bytes" and isinstance(default, str) else default


class _Compiler:
    """Makes readers of plain values from a writer's schema; ``defaults`` are those of our records by full name."""

    def __init__(self, defaults: Mapping[str, Mapping[str, object]]) -> None:
        self._defaults = defaults
        self._named: dict[str, Read] = {}

    def compile(self, schema: Json, namespace: str, depth: int) -> Read:
        """Reader of one type."""
        if depth > _DEEPEST:
            raise UnknownSchema(f"a schema of more than {_DEEPEST} levels")
        match schema:
            case str() if schema in _PRIMITIVES:
                return _PRIMITIVES[schema]
            case str() if (name := full_name(schema, namespace)) in self._named:
                return self._named[name]
            case list():
                return _union([self.compile(branch, namespace, depth + 1) for branch in schema])
            case {"type": "array", "items": items}:
                return _array(self.compile(items, namespace, depth + 1))
            case {"type": "map", "values": values}:
                return _map(self.compile(values, namespace, depth + 1))
            case {"type": "record" | "enum", "name": str(name)}:
                return self._define(schema, name, namespace, depth)
            case {"type": str(inner)} if inner in _PRIMITIVES:
                return _PRIMITIVES[inner]
        raise UnknownSchema(f"a type that no event of ours has: {json.dumps(schema)[:200]}")

    def _define(self, schema: Json, name: str, namespace: str, depth: int) -> Read:
        namespace = schema.get("namespace", namespace)
        name = full_name(name, namespace)
        read = _enum(schema["symbols"]) if schema["type"] == "enum" else self._record(schema, name, namespace, depth)
        self._named[name] = read
        return read

    def _record(self, schema: Json, name: str, namespace: str, depth: int) -> Read:
        fields = [(f["name"], self.compile(f["type"], namespace, depth + 1)) for f in schema["fields"]]
        return _record(fields, self._defaults.get(name, {}))


def _record(fields: list[tuple[str, Read]], defaults: Mapping[str, object]) -> Read:
    def read(data: bytes, at: int) -> tuple[object, int]:
        values = dict(defaults)
        for name, read_field in fields:
            values[name], at = read_field(data, at)
        return values, at

    return read


def _enum(symbols: list[str]) -> Read:
    def read(data: bytes, at: int) -> tuple[object, int]:
        index, at = read_length(data, at)
        return symbols[index], at

    return read


def _union(branches: list[Read]) -> Read:
    def read(data: bytes, at: int) -> tuple[object, int]:
        index, at = read_length(data, at)
        return branches[index](data, at)

    return read


def _array(read_item: Read) -> Read:
    def read(data: bytes, at: int) -> tuple[object, int]:
        items: list[object] = []
        while data[at]:
            count, at = read_count(data, at, 1)
            for _ in range(count):
                start = at
                item, at = read_item(data, at)
                if at == start:
                    raise DecodeError("items that take no bytes: their number is bounded by nothing")
                items.append(item)
        return items, at + 1

    return read


def _map(read_value: Read) -> Read:
    def read(data: bytes, at: int) -> tuple[object, int]:
        values: dict[str, object] = {}
        while data[at]:
            count, at = read_count(data, at, 1)
            for _ in range(count):
                name, at = read_string(data, at)
                values[name], at = read_value(data, at)
        return values, at + 1

    return read


def _null(_data: bytes, at: int) -> tuple[object, int]:
    return None, at


_PRIMITIVES: Mapping[str, Read] = {
    "null": _null,
    "boolean": read_boolean,
    "int": read_int,
    "long": read_long,
    "double": read_double,
    "bytes": read_bytes,
    "string": read_string,
}
