"""Reads the .avsc files of a folder into typed descriptions; refuses what the generator cannot write."""

import json
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from revloop.contracts.generate.fingerprint import fingerprint

PRIMITIVES = frozenset({"null", "boolean", "int", "long", "double", "bytes", "string"})
ENVELOPE = (
    "event_id",
    "event_type",
    "tenant_id",
    "account_id",
    "source",
    "trace_id",
    "caused_by",
    "occurred_at",
    "observed_at",
)


class BadSchema(Exception):
    """A schema that cannot be generated from; the message names the file and what to change."""


class Primitive(msgspec.Struct, frozen=True, tag=True):
    """A type without parts."""

    name: str


class Array(msgspec.Struct, frozen=True, tag=True):
    """A list of items."""

    items: "Type"


class Map(msgspec.Struct, frozen=True, tag=True):
    """Values by name."""

    values: "Type"


class Union(msgspec.Struct, frozen=True, tag=True):
    """One of several branches."""

    branches: tuple["Type", ...]


class Ref(msgspec.Struct, frozen=True, tag=True):
    """A named type."""

    name: str


Json: TypeAlias = Any
"""A schema as JSON has it: checked shape by shape while it is read."""
Type: TypeAlias = Primitive | Array | Map | Union | Ref
SCALAR = Union(tuple(Primitive(name) for name in ("null", "boolean", "long", "double", "string")))


class Field(msgspec.Struct, frozen=True):
    """A field of a record."""

    name: str
    type: Type
    doc: str


class Enum(msgspec.Struct, frozen=True):
    """A closed set of symbols."""

    full_name: str
    class_name: str
    doc: str
    symbols: tuple[str, ...]


class Record(msgspec.Struct, frozen=True):
    """A record; ``schema`` is ``<stage>/<event>.v<N>`` for the one a file is named after, else empty."""

    full_name: str
    class_name: str
    doc: str
    fields: tuple[Field, ...]
    schema: str

    @property
    def is_event(self) -> bool:
        """Whether the record begins with the envelope."""
        return tuple(field.name for field in self.fields[: len(ENVELOPE)]) == ENVELOPE

    @property
    def is_state(self) -> bool:
        """Whether the record is a state of a stage."""
        return self.schema.startswith("state/")


class Schemas(msgspec.Struct, frozen=True):
    """All named types of a folder, parts before wholes."""

    named: dict[str, Enum | Record]
    raw: dict[str, Json]
    """The JSON of each named type as written."""

    @property
    def roots(self) -> list[Record]:
        """Records that stand alone on the wire or in a table: events and states."""
        return [
            item
            for item in self.named.values()
            if isinstance(item, Record) and item.schema and (item.is_event or item.is_state)
        ]

    def closed(self, full_name: str) -> Json:
        """The schema of a named type with every other type it uses written out at its first use."""
        return _inline(self.raw, full_name, set())

    def fingerprint(self, record: Record) -> bytes:
        """CRC-64-AVRO of the parsing canonical form, as the single-object encoding writes it (8 bytes, little-endian)."""
        return fingerprint(self.closed(record.full_name))


def load(folder: Path) -> Schemas:
    """Read every .avsc below ``folder``; raises BadSchema."""
    reader = _Reader({path: _file_name(folder, path) for path in sorted(folder.glob("*/*.avsc"))})
    return reader.read()


def _file_name(folder: Path, path: Path) -> str:
    return str(path.relative_to(folder)).removesuffix(".avsc").replace("\\", "/")


class _Reader:
    def __init__(self, files: dict[Path, str]) -> None:
        self._documents = {path: json.loads(path.read_text()) for path in files}
        self._files = files
        self._homes: dict[str, Path] = {}
        self._named: dict[str, Enum | Record] = {}
        self._raw: dict[str, Json] = {}
        self._loading: list[str] = []
        for path, document in self._documents.items():
            for name in _names(document, ""):
                if name in self._homes:
                    raise BadSchema(f"{path}: {name} is defined in {self._homes[name]} too; give it another name")
                self._homes[name] = path

    def read(self) -> Schemas:
        for path, document in self._documents.items():
            self._type(document, "", path, self._files[path])
        owners: dict[str, str] = {}
        for item in self._named.values():
            if owners.setdefault(item.class_name, item.full_name) != item.full_name:
                raise BadSchema(
                    f"{item.full_name} and {owners[item.class_name]} would both become class {item.class_name}"
                )
        return Schemas(named=self._named, raw=self._raw)

    def _type(self, value: Json, namespace: str, path: Path, schema: str = "") -> Type:
        match value:
            case list():
                return Union(tuple(self._type(branch, namespace, path) for branch in value))
            case str():
                return Primitive(value) if value in PRIMITIVES else self._reference(value, namespace, path)
            case {"type": "array", "items": items}:
                return Array(self._type(items, namespace, path))
            case {"type": "map", "values": values}:
                return Map(self._type(values, namespace, path))
            case {"type": "record" | "enum", "name": str()}:
                return self._define(value, namespace, path, schema)
            case {"type": inner}:
                return self._type(inner, namespace, path)
        raise BadSchema(f"{path}: {value!r} is no type this project uses")

    def _reference(self, name: str, namespace: str, path: Path) -> Ref:
        full_name = name if "." in name else f"{namespace}.{name}"
        if full_name not in self._homes:
            raise BadSchema(f"{path}: type {full_name} is defined nowhere")
        if full_name not in self._named:
            home = self._homes[full_name]
            if full_name in self._loading:
                raise BadSchema(f"{path}: {full_name} contains itself; this project's events are trees")
            self._type(self._documents[home], "", home, self._files[home])
        return Ref(full_name)

    def _define(self, value: Json, namespace: str, path: Path, schema: str) -> Ref:
        namespace = str(value.get("namespace", namespace))
        full_name = f"{namespace}.{value['name']}"
        if full_name in self._named or full_name in self._loading:
            return Ref(full_name)
        self._loading.append(full_name)
        doc, class_name = str(value.get("doc", "")), _class_name(full_name)
        if value["type"] == "enum":
            symbols = value["symbols"]
            assert isinstance(symbols, list)  # Avro's own rule
            self._named[full_name] = Enum(full_name, class_name, doc, tuple(symbols))
        else:
            self._named[full_name] = Record(full_name, class_name, doc, self._fields(value, namespace, path), schema)
        self._loading.remove(full_name)
        self._raw[full_name] = {**value, "namespace": namespace}
        return Ref(full_name)

    def _fields(self, value: Json, namespace: str, path: Path) -> tuple[Field, ...]:
        fields = value["fields"]
        assert isinstance(fields, list)  # Avro's own rule
        return tuple(
            Field(field["name"], self._type(field["type"], namespace, path), field.get("doc", "")) for field in fields
        )


def _names(value: Json, namespace: str) -> list[str]:
    match value:
        case list():
            return [name for branch in value for name in _names(branch, namespace)]
        case {"type": "record" | "enum", "name": str(name)}:
            namespace = str(value.get("namespace", namespace))
            fields = value.get("fields", [])
            return [f"{namespace}.{name}", *(n for field in fields for n in _names(field["type"], namespace))]
        case {"type": "array", "items": inner} | {"type": "map", "values": inner}:
            return _names(inner, namespace)
    return []


def _class_name(full_name: str) -> str:
    *_, version, name = full_name.split(".")
    return name if version == "v1" else f"{name}{version.upper()}"


def _inline(raw: dict[str, Json], full_name: str, seen: set[str]) -> Json:
    if full_name in seen:
        return full_name
    value = raw[full_name]
    assert isinstance(value, dict)  # named types are objects
    return _written_out(raw, value, str(value["namespace"]), seen)


def _written_out(raw: dict[str, Json], value: Json, namespace: str, seen: set[str]) -> Json:
    match value:
        case str():
            return (
                value if value in PRIMITIVES else _inline(raw, value if "." in value else f"{namespace}.{value}", seen)
            )
        case list():
            return [_written_out(raw, branch, namespace, seen) for branch in value]
        case {"type": "record" | "enum", "name": str(name)}:
            namespace = str(value.get("namespace", namespace))
            if (full_name := f"{namespace}.{name}") in seen:
                return full_name
            seen.add(full_name)
            result = {**value, "namespace": namespace}
            if "fields" in value:
                result["fields"] = [
                    {**f, "type": _written_out(raw, f["type"], namespace, seen)} for f in value["fields"]
                ]
            return result
        case {"type": "array", "items": inner}:
            return {**value, "items": _written_out(raw, inner, namespace, seen)}
        case {"type": "map", "values": inner}:
            return {**value, "values": _written_out(raw, inner, namespace, seen)}
    return value
