"""Values for a record come in, checked ones go out; unknown, read-only, ill-typed and missing fields are refused."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from standins.salesforce.answers import Json, Refused
from standins.salesforce.clock import parse_datetime
from standins.salesforce.ids import looks_like_id

EXTERNAL_ID_FIELD = "Revloop_Action_Id__c"
"""The unique external id that every object of the stand-in has; upserts by it are idempotent creates."""


class FieldType(StrEnum):
    """Types as the vendor's describe names them."""

    ID = "id"
    STRING = "string"
    TEXTAREA = "textarea"
    PICKLIST = "picklist"
    BOOLEAN = "boolean"
    INT = "int"
    DOUBLE = "double"
    CURRENCY = "currency"
    DATE = "date"
    DATETIME = "datetime"
    REFERENCE = "reference"


TEXT_TYPES = frozenset({FieldType.STRING, FieldType.TEXTAREA, FieldType.PICKLIST})
NUMBER_TYPES = frozenset({FieldType.INT, FieldType.DOUBLE, FieldType.CURRENCY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field; ``relation`` names the path to what a reference points at (``Account`` for ``AccountId``)."""

    name: str
    type: FieldType
    length: int = 0
    required: bool = False
    writable: bool = True
    external_id: bool = False
    refers_to: str = ""
    relation: str = ""


@dataclass(slots=True)
class SObject:
    """One object: its key prefix and its fields by name."""

    name: str
    prefix: str
    fields: dict[str, Field] = field(default_factory=dict)

    def named(self, name: str) -> Field:
        """The field ``name``; refused as INVALID_FIELD where there is none."""
        found = self.fields.get(name)
        if found is None:
            raise Refused(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {self.name}")
        return found

    def related(self, relation: str) -> Field:
        """The reference field behind ``relation``; refused as INVALID_FIELD where there is none."""
        for candidate in self.fields.values():
            if candidate.relation == relation:
                return candidate
        raise Refused(400, "INVALID_FIELD", f"Didn't understand relationship '{relation}' in field path of {self.name}")

    def check(self, values: Mapping[str, Json], *, creating: bool) -> dict[str, Json]:
        """The values to store; refuses unknown, read-only, ill-typed and missing required fields."""
        body = {name: value for name, value in values.items() if name != "attributes"}
        locked = tuple(name for name in body if not self.named(name).writable)
        if locked:
            message = f"Unable to create or update: {', '.join(locked)}. The system sets these fields."
            raise Refused(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, locked)
        for name, value in body.items():
            _check_value(self.fields[name], value)
        self._check_required(body, creating=creating)
        return body

    def _check_required(self, body: Mapping[str, Json], *, creating: bool) -> None:
        required = (item.name for item in self.fields.values() if item.required)
        missing = tuple(name for name in required if (creating or name in body) and body.get(name) in (None, ""))
        if missing:
            raise Refused(
                400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing
            )


def _check_value(spec: Field, value: Json) -> None:
    if value is None:
        return
    if not fits(spec.type, value):
        raise Refused(
            400,
            "JSON_PARSER_ERROR",
            f"Cannot deserialize instance of {spec.type} from {_token(value)} value {_shown(value)} "
            f"or request may be missing a required field (field {spec.name})",
        )
    if spec.type is FieldType.REFERENCE and not looks_like_id(str(value)):
        raise Refused(400, "MALFORMED_ID", f"{spec.name}: id value of incorrect type: {_shown(value)}", (spec.name,))
    if spec.length and isinstance(value, str) and len(value) > spec.length:
        message = f"{spec.name}: data value too large: (max length={spec.length})"
        raise Refused(400, "STRING_TOO_LONG", message, (spec.name,))


def fits(kind: FieldType, value: Json) -> bool:
    if kind is FieldType.BOOLEAN:
        return isinstance(value, bool)
    if kind is FieldType.INT:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind in NUMBER_TYPES:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not isinstance(value, str):
        return False
    if kind is FieldType.DATE:
        return _parses(value, date.fromisoformat) and len(value) == 10
    return _parses(value, parse_datetime) if kind is FieldType.DATETIME else True


def _parses(text: str, parse: Callable[[str], object]) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _token(value: Json) -> str:
    if isinstance(value, bool):
        return f"VALUE_{str(value).upper()}"
    if isinstance(value, str):
        return "VALUE_STRING"
    if isinstance(value, dict | list):
        return "START_OBJECT" if isinstance(value, dict) else "START_ARRAY"
    return "VALUE_NUMBER_INT" if isinstance(value, int) else "VALUE_NUMBER_FLOAT"


def _shown(value: Json) -> str:
    return str(value)[:80]
