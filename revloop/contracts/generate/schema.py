"""Reads the .avsc files of a folder into typed descriptions; refuses what the generator cannot write."""

import json
import keyword
from pathlib import Path

from revloop.contracts.fingerprint import full_name as qualified
from revloop.contracts.generate.model import (
    ENVELOPE,
    NULL,
    SCALAR,
    Array,
    BadSchema,
    Enum,
    Field,
    Json,
    Map,
    Primitive,
    Record,
    Ref,
    Schemas,
    Type,
    Union,
)

PRIMITIVES = frozenset({"null", "boolean", "int", "long", "double", "bytes", "string"})
"""Types this project uses; float and fixed it does not."""
_TYPE_KEYS = {"type", "name", "namespace", "doc", "fields", "symbols"}


def load(folder: Path) -> Schemas:
    """Read every ``<stage>/<event>.v<N>.avsc`` below ``folder``; raises BadSchema."""
    files = {path: str(path.relative_to(folder).with_suffix("")) for path in sorted(folder.glob("*/*.avsc"))}
    if not files:
        raise BadSchema(f"{folder}: no .avsc below it")
    return _Reader(files).read()


class _Reader:
    """Defines types in the order in which they need each other; ``_loading`` is the chain of those under way."""

    def __init__(self, files: dict[Path, str]) -> None:
        self._documents = {path: _document(path, schema) for path, schema in files.items()}
        self._files = files
        self._homes: dict[str, Path] = {}
        self._schemas = Schemas(named={}, raw={})
        self._loading: list[str] = []
        for path, document in self._documents.items():
            for name in _names(document, ""):
                if name in self._homes:
                    raise BadSchema(f"{path}: {name} is defined in {self._homes[name]} too; refer to it by that name")
                self._homes[name] = path

    def read(self) -> Schemas:
        for path, document in self._documents.items():
            self._type(document, "", path)
        owners: dict[str, str] = {}
        for item in self._schemas.named.values():
            if (owner := owners.setdefault(item.class_name, item.full_name)) != item.full_name:
                raise BadSchema(f"{item.full_name} and {owner} would both become class {item.class_name}; rename one")
        return self._schemas

    def _type(self, value: Json, namespace: str, path: Path, doc: str = "") -> Type:
        """The type ``value`` stands for; ``doc`` is what a type without words of its own is called after."""
        match value:
            case list():
                return _union(tuple(self._type(branch, namespace, path, doc) for branch in value), path)
            case str():
                return Primitive(value) if value in PRIMITIVES else self._reference(value, namespace, path)
            case {"type": "array", "items": items}:
                return self._array(self._type(items, namespace, path, doc), path)
            case {"type": "map", "values": values}:
                return Map(self._type(values, namespace, path, doc))
            case {"type": "record", "fields": list()} | {"type": "enum", "symbols": list()} if "name" in value:
                return self._define(value, namespace, path, doc)
            case {"type": "long", "logicalType": "timestamp-millis"}:
                return Primitive("long", "timestamp-millis")
            case {"type": str(inner), **rest} if not rest:
                return self._type(inner, namespace, path, doc)
        raise BadSchema(f"{path}: {json.dumps(value)[:200]} is no type this project uses")

    def _array(self, items: Type, path: Path) -> Array:
        if self._schemas.least_bytes(items) == 0:
            raise BadSchema(f"{path}: items that take no bytes let eleven bytes claim any length; give them a field")
        return Array(items)

    def _reference(self, name: str, namespace: str, path: Path) -> Ref:
        full_name = qualified(name, namespace)
        if full_name not in self._homes:
            raise BadSchema(f"{path}: type {full_name} is defined nowhere")
        if full_name in self._loading:
            raise BadSchema(f"{path}: {full_name} contains itself; this project's events are trees of bounded depth")
        if full_name not in self._schemas.named:
            home = self._homes[full_name]
            self._type(self._documents[home], "", home)
        return Ref(full_name)

    def _define(self, value: Json, namespace: str, path: Path, doc: str) -> Ref:
        namespace = str(value.get("namespace", namespace))
        full_name = qualified(value["name"], namespace)
        if full_name in self._schemas.named or full_name in self._loading:
            return Ref(full_name)
        if unknown := value.keys() - _TYPE_KEYS:
            raise BadSchema(f"{path}: {full_name} has {sorted(unknown)}; a renamed type belongs into a new .vN file")
        self._loading.append(full_name)
        self._schemas.named[full_name] = self._named(value, full_name, namespace, path, str(value.get("doc", doc)))
        self._loading.remove(full_name)
        self._schemas.raw[full_name] = {**value, "namespace": namespace}
        return Ref(full_name)

    def _named(self, value: Json, full_name: str, namespace: str, path: Path, doc: str) -> Enum | Record:
        if not doc:
            raise BadSchema(f"{path}: {full_name} has no doc; say what it is")
        if value["type"] == "enum":
            return Enum(full_name, _class_name(full_name), doc, tuple(value["symbols"]))
        fields = tuple(self._field(field, namespace, path) for field in value["fields"])
        schema = self._files[path] if value is self._documents[path] else ""
        record = Record(full_name, _class_name(full_name), doc, fields, schema)
        if schema and not (record.is_event or record.is_state or schema.startswith("shared/")):
            raise BadSchema(f"{path}: begin it with {', '.join(ENVELOPE)}, or put it into shared/ if it is no event")
        return record

    def _field(self, field: Json, namespace: str, path: Path) -> Field:
        match field:
            case {"name": str(name), "type": kind, "doc": str(doc), **rest} if rest.keys() <= {"default"}:
                if not keyword.iskeyword(name) and doc:
                    return Field(name, self._type(kind, namespace, path, doc), doc, "default" in field)
        shown = json.dumps(field)[:200]
        raise BadSchema(f"{path}: {shown}: a field has name (no Python word), type, doc and at most a default")


def _document(path: Path, schema: str) -> Json:
    try:
        document = json.loads(path.read_text())
    except ValueError as error:
        raise BadSchema(f"{path}: {error}") from error
    stage, _, event = schema.partition("/")
    namespace = f"revloop.{stage}.{event.rpartition('.')[2]}"
    match document:
        case {"type": "record" | "enum", "namespace": str(found)} if found == namespace:
            return document
    raise BadSchema(f"{path}: a file holds one record or enum in the namespace of its path, {namespace}")


def _union(branches: tuple[Type, ...], path: Path) -> Union:
    union = Union(branches)
    if union != SCALAR and (len(branches) != 2 or branches[0] != NULL or isinstance(branches[1], Union)):
        raise BadSchema(f"{path}: a union is [null, X] or the scalars [null, boolean, long, double, string]")
    return union


def _names(value: Json, namespace: str) -> list[str]:
    match value:
        case list():
            return [name for branch in value for name in _names(branch, namespace)]
        case {"type": "record" | "enum", "name": str(name)}:
            namespace = str(value.get("namespace", namespace))
            inner = [part for field in value.get("fields", []) for part in _names(field["type"], namespace)]
            return [qualified(name, namespace), *inner]
        case {"type": "array", "items": inner} | {"type": "map", "values": inner}:
            return _names(inner, namespace)
    return []


def _class_name(full_name: str) -> str:
    *_, version, name = full_name.split(".")
    return name if version == "v1" else f"{name}{version.upper()}"
