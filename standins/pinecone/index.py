"""Vectors come in by namespace and id; the nearest that pass a filter go out, as the vendor documents it."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence

Scalar = str | int | float | bool
Metadata = Mapping[str, Scalar | list[str]]

MAX_UPSERT = 1_000
MAX_METADATA_BYTES = 40_960
MAX_K = 10_000
MAX_ID = 512


class Refused(Exception):
    """What the vendor answers with status 400."""


class Stored:
    """A vector as it was written."""

    def __init__(self, values: Sequence[float], metadata: Metadata) -> None:
        self.values = values
        self.metadata = metadata


class Index:
    """All namespaces; a namespace is there from its first vector on."""

    def __init__(self, dim: int, *, lags: bool) -> None:
        self._dim = dim
        self._lags = lags
        self._waiting: list[Callable[[], object]] = []
        self.namespaces: dict[str, dict[str, Stored]] = {}

    def settle(self) -> int:
        """Make every write so far seen; gives their number."""
        count = len(self._waiting)
        for write in self._waiting:
            write()
        self._waiting.clear()
        return count

    def upsert(self, namespace: str, vectors: Sequence[Mapping[str, object]]) -> int:
        """Write vectors; all or none."""
        if not 1 <= len(vectors) <= MAX_UPSERT:
            raise Refused(f"Number of vectors must be from 1 to {MAX_UPSERT}")
        checked = {self._id(one.get("id")): self._stored(one) for one in vectors}
        self._write(lambda: self.namespaces.setdefault(namespace, {}).update(checked))
        return len(checked)

    def query(
        self, namespace: str, values: object, k: object, wanted: Mapping[str, object] | None
    ) -> list[tuple[str, float, Metadata]]:
        """Ids, cosines and metadata, nearest first."""
        if not isinstance(k, int) or not 1 <= k <= MAX_K:
            raise Refused(f"topK must be from 1 to {MAX_K}")
        question = self._values(values)
        found = [
            (name, _cosine(question, one.values), one.metadata)
            for name, one in self.namespaces.get(namespace, {}).items()
            if _passes(one.metadata, wanted or {})
        ]
        return sorted(found, key=lambda near: -near[1])[:k]

    def delete(self, namespace: str, wanted: Mapping[str, object]) -> None:
        """Remove what passes a filter."""
        if not wanted:
            raise Refused("The filter is empty")

        def write() -> None:
            kept = self.namespaces.get(namespace, {})
            for name in [name for name, one in kept.items() if _passes(one.metadata, wanted)]:
                del kept[name]

        self._write(write)

    def delete_namespace(self, namespace: str) -> None:
        """Remove a namespace with all that is in it."""
        self._write(lambda: self.namespaces.pop(namespace, None))

    def _write(self, write: Callable[[], object]) -> None:
        if self._lags:
            self._waiting.append(write)
        else:
            write()

    def _stored(self, one: Mapping[str, object]) -> Stored:
        metadata = one.get("metadata") or {}
        if not isinstance(metadata, Mapping) or len(json.dumps(metadata).encode()) > MAX_METADATA_BYTES:
            raise Refused("Metadata must be an object of at most 40 KB")
        if not all(isinstance(value, str | int | float | bool) or _is_texts(value) for value in metadata.values()):
            raise Refused("Metadata value must be a string, number, boolean or list of strings")
        values = self._values(one.get("values"))
        if not any(values):
            raise Refused("Dense vectors must contain at least one non-zero value")
        return Stored(values, dict(metadata))

    def _values(self, values: object) -> Sequence[float]:
        if not isinstance(values, list) or len(values) != self._dim:
            raise Refused(f"Vector dimension does not match the dimension of the index {self._dim}")
        return [float(value) for value in values]

    def _id(self, name: object) -> str:
        if not isinstance(name, str) or not re.fullmatch(rf"[\x01-\x7f]{{1,{MAX_ID}}}", name):
            raise Refused(f"Vector ID must be ASCII, from 1 to {MAX_ID} characters")
        return name


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    product = sum(a * b for a, b in zip(one, other, strict=True))
    lengths = math.hypot(*one) * math.hypot(*other)
    return product / lengths if lengths else 0.0


def _passes(metadata: Metadata, wanted: Mapping[str, object]) -> bool:
    return all(_holds(metadata.get(name), condition) for name, condition in wanted.items())


def _holds(value: object, condition: object) -> bool:
    if not isinstance(condition, Mapping):
        return value == condition
    for operator, operand in condition.items():
        if operator == "$eq" and value != operand:
            return False
        if operator == "$in" and not (isinstance(operand, list) and value in operand):
            return False
        if operator not in ("$eq", "$in"):
            raise Refused(f"{operator} is not an operator of this stand-in")
    return True
