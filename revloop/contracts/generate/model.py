"""What the generator knows of the schemas: named types, their fields, and which of them stand alone on the wire."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec

from revloop.contracts.fingerprint import fingerprint
from revloop.contracts.generate.closing import closed

Json: TypeAlias = Any
"""A schema as JSON has it: checked shape by shape while it is read."""


class BadSchema(Exception):
    """A schema that cannot be generated from; the message names the file and what to change."""


class Primitive(msgspec.Struct, frozen=True, tag=True):
    """A type without parts; ``logical`` is empty or timestamp-millis."""

    name: str
    logical: str = ""


class Array(msgspec.Struct, frozen=True, tag=True):
    """A list of items."""

    items: "Type"


class Map(msgspec.Struct, frozen=True, tag=True):
    """Values by name."""

    values: "Type"


class Union(msgspec.Struct, frozen=True, tag=True):
    """One of several branches: null or one other, or the scalars."""

    branches: tuple["Type", ...]


class Ref(msgspec.Struct, frozen=True, tag=True):
    """A named type."""

    name: str


Type: TypeAlias = Primitive | Array | Map | Union | Ref
NULL = Primitive("null")
SCALAR = Union(tuple(Primitive(name) for name in ("null", "boolean", "long", "double", "string")))
ENVELOPE = {
    **dict.fromkeys(
        ("event_id", "event_type", "tenant_id", "account_id", "source", "trace_id", "caused_by"), Primitive("string")
    ),
    **dict.fromkeys(("occurred_at", "observed_at"), Primitive("long", "timestamp-millis")),
}
"""Fields every event begins with."""


class Field(msgspec.Struct, frozen=True):
    """A field of a record; ``optional`` when the schema gives a default."""

    name: str
    type: Type
    doc: str
    optional: bool


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
        return {field.name: field.type for field in self.fields[: len(ENVELOPE)]} == ENVELOPE

    @property
    def is_state(self) -> bool:
        """Whether the record is a state of a stage."""
        return self.schema.startswith("state/")

    @property
    def own_fields(self) -> tuple[Field, ...]:
        """Fields without the envelope."""
        return self.fields[len(ENVELOPE) :] if self.is_event else self.fields


class Schemas(msgspec.Struct, frozen=True):
    """All named types of a folder, parts before wholes; ``raw`` is the JSON of each as written."""

    named: dict[str, Enum | Record]
    raw: dict[str, Json]

    @property
    def roots(self) -> list[Record]:
        """Records that stand alone on the wire or in a table: events and states."""
        return [r for r in self.records if r.schema and (r.is_event or r.is_state)]

    @property
    def records(self) -> list[Record]:
        """Every record, parts before wholes."""
        return [item for item in self.named.values() if isinstance(item, Record)]

    @property
    def enums(self) -> list[Enum]:
        """Every closed set."""
        return [item for item in self.named.values() if isinstance(item, Enum)]

    def closed(self, record: Record) -> Json:
        """The schema with every type it uses written out at its first use, without a word of documentation."""
        return closed(self.raw, record.full_name)

    def fingerprint(self, record: Record) -> bytes:
        """CRC-64-AVRO of the canonical form, in the order in which the single-object encoding writes it (8 bytes)."""
        return fingerprint(self.closed(record))

    def least_bytes(self, kind: Type) -> int:
        """Fewest bytes a value takes: what bounds the length of an array by the bytes that are left."""
        match kind:
            case Primitive(name):
                return {"null": 0, "double": 8}.get(name, 1)
            case Ref(name):
                item = self.named[name]
                return 1 if isinstance(item, Enum) else sum(self.least_bytes(field.type) for field in item.fields)
            case _:
                return 1

    def parts(self, kind: Type) -> Iterator[str]:
        """Full names of the types named directly in ``kind``."""
        match kind:
            case Ref(name):
                yield name
            case Array(inner) | Map(inner):
                yield from self.parts(inner)
            case Union(branches):
                for branch in branches:
                    yield from self.parts(branch)
