"""A schema comes in, its name on the wire goes out: CRC-64-AVRO over the canonical form of the specification."""

import json
from functools import lru_cache
from typing import Any, TypeAlias

from revloop.contracts.failures import UnknownSchema

Json: TypeAlias = Any
"""A schema as JSON has it."""
_EMPTY = 0xC15D213AA4D7A795
PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
"""Avro's types without a name."""
_KEPT = ("name", "type", "fields", "symbols", "items", "values", "size")
"""What the canonical form keeps, in its order."""


def fingerprint(schema: Json) -> bytes:
    """8 bytes in the order in which the single-object encoding writes them."""
    table, value = _table(), _EMPTY
    for byte in canonical_form(schema).encode():
        value = (value >> 8) ^ table[(value ^ byte) & 255]
    return value.to_bytes(8, "little")


def fingerprint_of(text: str) -> bytes:
    """Fingerprint of a schema given as text; raises UnknownSchema when it is none."""
    try:
        return fingerprint(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UnknownSchema(f"a registry gave a schema that is none: {text[:200]!r}") from error


def canonical_form(schema: Json) -> str:
    """The schema without what readers of bytes do not need: documentation, defaults, logical types, white space."""
    return json.dumps(_canonical(schema, ""), separators=(",", ":"), ensure_ascii=False)


def _canonical(schema: Json, namespace: str) -> Json:
    match schema:
        case str():
            return schema if schema in PRIMITIVES else full_name(schema, namespace)
        case list():
            return [_canonical(branch, namespace) for branch in schema]
        case {"type": "record" | "enum" | "fixed", "name": str(name)}:
            name = full_name(name, schema.get("namespace", namespace))
            return _kept({**schema, "name": name}, name.rpartition(".")[0])
        case {"type": "array" | "map"}:
            return _kept(schema, namespace)
    return _canonical(schema["type"], namespace)


def _kept(schema: Json, namespace: str) -> Json:
    return {key: _part(key, schema[key], namespace) for key in _KEPT if key in schema}


def _part(key: str, value: Json, namespace: str) -> Json:
    if key == "fields":
        return [{"name": field["name"], "type": _canonical(field["type"], namespace)} for field in value]
    return _canonical(value, namespace) if key in ("items", "values") else value


def full_name(name: str, namespace: str) -> str:
    """The name of a type as used inside ``namespace``, in full."""
    return name if "." in name or not namespace else f"{namespace}.{name}"


@lru_cache(maxsize=1)
def _table() -> tuple[int, ...]:
    return tuple(_entry(byte) for byte in range(256))


def _entry(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (_EMPTY & -(value & 1))
    return value
