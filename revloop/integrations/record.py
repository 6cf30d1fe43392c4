"""What a vendor folder gives: normalised records of one delivery, or the reason why there are none."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from revloop.contracts.failures import Reject
from revloop.contracts.times import iso, parse_iso

Scalar = bool | int | float | str | None
MAX_ID_LENGTH = 1024
"""Longer ids are refused: they would not fit a key."""


class ObjectMapping(msgspec.Struct, frozen=True):
    """How one vendor object is read: paths into its record."""

    entity_type: str
    key: str
    account: str
    fields: Mapping[str, str]


class Record(msgspec.Struct, frozen=True, gc=False):
    """One normalised record."""

    entity_type: str
    entity_id: str
    entity_key: str
    account: str
    """Account key, empty where the record names none."""
    version: int
    """Grows with every change at the source."""
    occurred_at: int
    fields: dict[str, Scalar]


class Normaliser(Protocol):
    """One vendor's way of writing."""

    connector: str

    def records(self, resource: str, body: bytes, objects: Mapping[str, ObjectMapping]) -> Sequence[Record | Reject]:
        """Every item of a delivery in order, a Reject in the place of one that cannot be read.

        Raises Reject when the delivery as a whole cannot be read; an answer without items gives an empty sequence.
        """
        ...


Json = bool | int | float | str | None | list["Json"] | dict[str, "Json"]
Getter = Callable[[dict[str, Json]], Json]


def decode(body: bytes) -> Json:
    """The JSON of a body; raises Reject."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Reject("bad_json", f"The body is no JSON ({error}): ask the vendor for the delivery again.") from error


_decode: Callable[[bytes], Json] = msgspec.json.Decoder().decode


def getter(path: str) -> Getter:
    """Reads ``a.b.0.c`` from a record; anything missing on the way gives None."""
    steps: list[str | int] = [int(part) if part.isdigit() else part for part in path.split(".")]
    if len(steps) == 1:
        name = str(steps[0])
        return lambda record: record.get(name)

    def get(record: dict[str, Json]) -> Json:
        value: Json = record
        for step in steps:
            if isinstance(value, dict):
                value = value.get(str(step))
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return None
        return value

    return get


def scalar(name: str, value: Json) -> Scalar:
    """A field's value as the contracts know it; objects and lists are refused."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise Reject(
        "wrong_type", f"Field {name} holds a {type(value).__name__}: map a path inside it in the tenant profile."
    )


def number(name: str, value: Json) -> Scalar:
    """A finite number as a float, or None; text is refused, never converted."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Reject("wrong_type", f"Field {name} is {value!r}, not a number: mend it at the source.")
    return float(value)


def day(name: str, value: Json) -> Scalar:
    """A calendar day as ``YYYY-MM-DD``, or None."""
    if value is None:
        return None
    if not isinstance(value, str) or len(value) != 10:
        raise Reject("wrong_type", f"Field {name} is {value!r}, not a day (YYYY-MM-DD): mend it at the source.")
    moment(name, value)
    return value


def moment(name: str, value: Json) -> int:
    """A moment in ms; raises Reject."""
    if not isinstance(value, str):
        raise Reject("wrong_type", f"Field {name} is {value!r}, not a time (ISO 8601): mend it at the source.")
    try:
        return parse_iso(value)
    except ValueError as error:
        raise Reject(
            "wrong_type", f"Field {name} is {value!r}, not a time (ISO 8601): mend it at the source."
        ) from error


def time_text(name: str, value: Json) -> Scalar:
    """A moment in the one form the contracts use, or None."""
    return None if value is None else iso(moment(name, value))


def identifier(name: str, value: Json) -> str:
    """A non-empty id as text; raises Reject."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise Reject("missing_id", f"Field {name} is {value!r}: without an id a record cannot be followed.")
    text = str(value)
    if len(text) > MAX_ID_LENGTH:
        raise Reject("id_too_long", f"Field {name} has {len(text)} characters, more than {MAX_ID_LENGTH}.")
    return text


def account_key(value: Json) -> str:
    """The account a record names, empty for none."""
    return "" if value is None or value == "" else identifier("account", value)
