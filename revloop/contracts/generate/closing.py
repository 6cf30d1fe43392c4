"""A named type and the JSON of all types come in; one schema that needs no other comes out, without documentation."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from revloop.contracts.fingerprint import PRIMITIVES, full_name

Json: TypeAlias = Any
"""A schema as JSON has it."""
_SILENT = ("doc",)


def closed(raw: Mapping[str, Json], name: str) -> Json:
    """The schema of the type ``name`` with every other type it uses written out at its first use."""
    return _named(raw, name, set())


def _named(raw: Mapping[str, Json], name: str, seen: set[str]) -> Json:
    return name if name in seen else _written_out(raw, raw[name], raw[name]["namespace"], seen)


def _written_out(raw: Mapping[str, Json], value: Json, namespace: str, seen: set[str]) -> Json:
    match value:
        case str():
            return value if value in PRIMITIVES else _named(raw, full_name(value, namespace), seen)
        case list():
            return [_written_out(raw, branch, namespace, seen) for branch in value]
        case {"type": "record" | "enum", "name": str(name)}:
            namespace = str(value.get("namespace", namespace))
            return _definition(raw, value, full_name(name, namespace), namespace, seen)
        case {"type": "array", "items": inner}:
            return {**value, "items": _written_out(raw, inner, namespace, seen)}
        case {"type": "map", "values": inner}:
            return {**value, "values": _written_out(raw, inner, namespace, seen)}
        case {"type": str(inner), **rest} if not rest:
            return _written_out(raw, inner, namespace, seen)
    return value


def _definition(raw: Mapping[str, Json], value: Json, name: str, namespace: str, seen: set[str]) -> Json:
    if name in seen:
        return name
    seen.add(name)
    result = {key: part for key, part in value.items() if key not in _SILENT} | {"namespace": namespace}
    if "fields" in value:
        result["fields"] = [
            {key: part for key, part in field.items() if key not in _SILENT}
            | {"type": _written_out(raw, field["type"], namespace, seen)}
            for field in value["fields"]
        ]
    return result
