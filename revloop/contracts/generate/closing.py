"""A named type and the JSON of all types come in; one schema that needs no other comes out, without documentation."""

from collections.abc import Mapping
from typing import Any, TypeAlias

Json: TypeAlias = Any
PRIMITIVES = frozenset({"null", "boolean", "int", "long", "double", "bytes", "string"})
_SILENT = ("doc",)


def closed(raw: Mapping[str, Json], full_name: str) -> Json:
    """The schema of ``full_name`` with every other type it uses written out at its first use."""
    return _named(raw, full_name, set())


def _named(raw: Mapping[str, Json], full_name: str, seen: set[str]) -> Json:
    return full_name if full_name in seen else _written_out(raw, raw[full_name], raw[full_name]["namespace"], seen)


def _written_out(raw: Mapping[str, Json], value: Json, namespace: str, seen: set[str]) -> Json:
    match value:
        case str():
            return value if value in PRIMITIVES else _named(raw, qualified(value, namespace), seen)
        case list():
            return [_written_out(raw, branch, namespace, seen) for branch in value]
        case {"type": "record" | "enum", "name": str(name)}:
            namespace = str(value.get("namespace", namespace))
            return _definition(raw, value, qualified(name, namespace), namespace, seen)
        case {"type": "array", "items": inner}:
            return {**value, "items": _written_out(raw, inner, namespace, seen)}
        case {"type": "map", "values": inner}:
            return {**value, "values": _written_out(raw, inner, namespace, seen)}
        case {"type": str(inner), **rest} if not rest:
            return _written_out(raw, inner, namespace, seen)
    return value


def _definition(raw: Mapping[str, Json], value: Json, full_name: str, namespace: str, seen: set[str]) -> Json:
    if full_name in seen:
        return full_name
    seen.add(full_name)
    result = {key: part for key, part in value.items() if key not in _SILENT} | {"namespace": namespace}
    if "fields" in value:
        result["fields"] = [
            {key: part for key, part in field.items() if key not in _SILENT}
            | {"type": _written_out(raw, field["type"], namespace, seen)}
            for field in value["fields"]
        ]
    return result


def qualified(name: str, namespace: str) -> str:
    """The full name of ``name`` as used inside ``namespace``."""
    return name if "." in name else f"{namespace}.{name}"
