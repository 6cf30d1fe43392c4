"""A parsed query and records come in, matching rows and their API form go out; ill-typed filters are refused."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from standins.salesforce.answers import Json, Refused
from standins.salesforce.clock import parse_datetime
from standins.salesforce.schema import NUMBER_TYPES, TEXT_TYPES, Field, FieldType, SObject
from standins.salesforce.soql import Condition, Literal, Moment, Order, Path, Query
from standins.salesforce.store import Row, Store

API_ROOT = "/services/data/v59.0"
_DEEPEST_PATH = 6
_EXACT_TYPES = frozenset({FieldType.ID, FieldType.REFERENCE})
_Key = tuple[float, str]
"""What two values of one field are compared by: numbers and moments first, texts and days second."""
_COMPARE: Mapping[str, Callable[[_Key, _Key], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The objects by name and the records they point at."""

    objects: Mapping[str, SObject]
    store: Store

    def sobject(self, name: str) -> SObject:
        """The object ``name``; refused as INVALID_TYPE where there is none."""
        found = self.objects.get(name)
        if found is None:
            raise Refused(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return found

    def field_at(self, name: str, path: Path) -> Field:
        """The field at the end of a path that begins at the object ``name``."""
        if len(path) > _DEEPEST_PATH:
            raise Refused(400, "INVALID_FIELD", f"{'.'.join(path)} goes over more than five relationships")
        sobject = self.sobject(name)
        if len(path) == 1:
            return sobject.named(path[0])
        reference = sobject.related(path[0])
        if not reference.refers_to:
            return Field(name=path[-1], type=FieldType.STRING)
        return self.field_at(reference.refers_to, path[1:])

    def value_at(self, row: Row, path: Path) -> Json:
        """The value at the end of a path that begins at a record; None where a reference is empty."""
        if len(path) == 1:
            return row.fields.get(path[0])
        target = self._target(row, path[0])
        return self.value_at(target, path[1:]) if target else None

    def shown(self, row: Row, paths: Iterable[Path]) -> dict[str, Json]:
        """The record as the API shows it: its attributes and the fields asked for, related records nested."""
        made: dict[str, Json] = {
            "attributes": {"type": row.object, "url": f"{API_ROOT}/sobjects/{row.object}/{row.id}"}
        }
        nested: dict[str, list[Path]] = {}
        for path in paths:
            if len(path) == 1:
                made[path[0]] = row.fields.get(path[0])
            else:
                nested.setdefault(path[0], []).append(path[1:])
                made.setdefault(path[0], None)
        for relation, rest in nested.items():
            target = self._target(row, relation)
            made[relation] = self.shown(target, rest) if target else None
        return made

    def _target(self, row: Row, relation: str) -> Row | None:
        reference = row.fields.get(self.sobject(row.object).related(relation).name)
        return self.store.row(str(reference)) if reference else None


def select(catalogue: Catalogue, query: Query) -> list[Row]:
    """The rows that fit the query, in its order (by id where it has none) and up to its limit."""
    for path in (*query.fields, *(order.path for order in query.orders)):
        catalogue.field_at(query.object, path)
    tests = [_test(catalogue, query.object, condition) for condition in query.conditions]
    rows = [row for row in catalogue.store.rows(query.object) if all(test(row) for test in tests)]
    for order in reversed(query.orders):
        rows = _sorted(catalogue, rows, query.object, order)
    return rows[: query.limit]


def _sorted(catalogue: Catalogue, rows: list[Row], sobject: str, order: Order) -> list[Row]:
    kind = catalogue.field_at(sobject, order.path).type
    keyed = [(_key(kind, catalogue.value_at(row, order.path)), row) for row in rows]
    empty = [row for key, row in keyed if key is None]
    full = sorted(((key, row) for key, row in keyed if key is not None), key=_first, reverse=order.descending)
    ordered = [row for _, row in full]
    return [*ordered, *empty] if order.nulls_last else [*empty, *ordered]


def _first(pair: tuple[_Key, Row]) -> _Key:
    return pair[0]


def _key(kind: FieldType, value: Json) -> _Key | None:
    """A stored value in the form that compares: texts without case, as the vendor compares them."""
    if value is None or isinstance(value, list | dict):
        return None
    if kind is FieldType.DATETIME:
        return float(parse_datetime(str(value))), ""
    if isinstance(value, str):
        return 0.0, value if kind in _EXACT_TYPES else value.casefold()
    return float(value), ""


def _literal_key(spec: Field, literal: Literal) -> _Key | None:
    """The literal in the same form; refused as INVALID_FIELD where its type is not the field's."""
    if literal is None:
        return None
    if isinstance(literal, Moment) and spec.type is FieldType.DATETIME:
        return float(literal.at_ms), ""
    if isinstance(literal, date) and spec.type is FieldType.DATE:
        return 0.0, literal.isoformat()
    if isinstance(literal, bool) and spec.type is FieldType.BOOLEAN:
        return float(literal), ""
    if isinstance(literal, int | float) and not isinstance(literal, bool) and spec.type in NUMBER_TYPES:
        return float(literal), ""
    if isinstance(literal, str) and _is_text(spec.type):
        return _key(spec.type, literal)
    message = f"value of filter criterion for field '{spec.name}' must be of type {spec.type.value}"
    quoted = "" if _is_text(spec.type) else " and should not be enclosed in quotes"
    raise Refused(400, "INVALID_FIELD", message + quoted)


def _is_text(kind: FieldType) -> bool:
    return kind in TEXT_TYPES or kind in _EXACT_TYPES


def _test(catalogue: Catalogue, sobject: str, condition: Condition) -> Callable[[Row], bool]:
    spec = catalogue.field_at(sobject, condition.path)
    keys = [_literal_key(spec, literal) for literal in condition.literals]
    accepts = _acceptance(condition, spec, keys)
    return lambda row: accepts(_key(spec.type, catalogue.value_at(row, condition.path)))


def _acceptance(condition: Condition, spec: Field, keys: list[_Key | None]) -> Callable[[_Key | None], bool]:
    name, wanted = condition.operator, keys[0]
    if name in ("=", "IN"):
        return lambda key: key in keys
    if name in ("!=", "NOT IN"):
        return lambda key: key not in keys
    if name == "LIKE":
        pattern = _like(spec, wanted)
        return lambda key: key is not None and pattern.fullmatch(key[1]) is not None
    compare = _COMPARE[name]
    return lambda key: key is not None and wanted is not None and compare(key, wanted)


def _like(spec: Field, wanted: _Key | None) -> re.Pattern[str]:
    if wanted is None or not _is_text(spec.type):
        raise Refused(400, "INVALID_QUERY_FILTER_OPERATOR", f"LIKE needs a text field and a text, not '{spec.name}'")
    parts = (".*" if letter == "%" else "." if letter == "_" else re.escape(letter) for letter in wanted[1])
    return re.compile("".join(parts), re.DOTALL)
