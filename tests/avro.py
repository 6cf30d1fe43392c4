"""What tests of the contracts share: the schemas, every example, fastavro as an oracle, edits of a schema set."""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import fastavro
import msgspec

from revloop.contracts.generate.model import Record, Schemas
from revloop.contracts.generate.schema import load
from revloop.contracts.generated.codec import FINGERPRINTS
from revloop.contracts.generated.events import Envelope, StateRecord

Json: TypeAlias = Any
Value: TypeAlias = Envelope | StateRecord
ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / "schemas"
EXAMPLES = SCHEMAS / "examples"
CLASSES: dict[str, type[Value]] = {kind.SCHEMA: kind for kind in FINGERPRINTS}


def present() -> Schemas:
    """The schemas of the working tree."""
    return load(SCHEMAS / "avro")


def example_files() -> list[Path]:
    """Every example."""
    return sorted(EXAMPLES.rglob("*.json"))


def schema_of(path: Path) -> str:
    """The schema an example is of."""
    return path.parent.relative_to(EXAMPLES).as_posix()


def example(path: Path) -> Value:
    """The event or state in an example."""
    return msgspec.json.decode(path.read_bytes(), type=CLASSES[schema_of(path)])


def examples() -> list[Value]:
    """Every example as event or state."""
    return [example(path) for path in example_files()]


def plain(value: object) -> Json:
    """Builtins as fastavro takes and gives them, maps in the order of their names."""
    return _sorted(msgspec.to_builtins(value, builtin_types=(bytes,)))


def _sorted(value: Json) -> Json:
    match value:
        case dict():
            return {name: _sorted(value[name]) for name in sorted(value)}
        case list() | tuple():
            return [_sorted(item) for item in value]
    return value


def exact(value: object) -> Json:
    """``value`` with the type of each part, so that 1, 1.0, True and an enum's symbol or its text all differ."""
    kind = type(value).__name__
    match value:
        case msgspec.Struct():
            return kind, [(name, exact(getattr(value, name))) for name in value.__struct_fields__]
        case dict():
            return kind, [(name, exact(value[name])) for name in sorted(value)]
        case tuple() | list():
            return kind, [exact(item) for item in value]
    return kind, repr(value)


def for_fastavro(schemas: Schemas, record: Record) -> Json:
    """The complete schema without logical types, with which fastavro gives plain numbers."""
    return fastavro.parse_schema(_without_logical_types(schemas.closed(record)))


def _without_logical_types(schema: Json) -> Json:
    match schema:
        case dict():
            return {key: _without_logical_types(part) for key, part in schema.items() if key != "logicalType"}
        case list():
            return [_without_logical_types(part) for part in schema]
    return schema


def fastavro_bytes(schema: Json, value: Json) -> bytes:
    """``value`` as fastavro writes it."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, value)
    return out.getvalue()


def fastavro_value(data: bytes, writer: Json, reader: Json = None) -> Json:
    """What fastavro reads; raises whatever it raises."""
    return fastavro.schemaless_reader(io.BytesIO(data), writer, reader)


def edited(folder: Path, schema: str, edit: Callable[[Json], None]) -> Schemas:
    """The present schemas with one file changed, kept in ``folder``."""
    target = folder / "avro"
    shutil.copytree(SCHEMAS / "avro", target)
    path = target / f"{schema}.avsc"
    document = json.loads(path.read_text())
    edit(document)
    path.write_text(json.dumps(document))
    return load(target)


def field(document: Json, name: str) -> Json:
    """A field of a record's JSON."""
    return next(field for field in document["fields"] if field["name"] == name)


def root(schemas: Schemas, schema: str) -> Record:
    """The event or state of a schema's name."""
    return next(record for record in schemas.roots if record.schema == schema)
