"""What a vendor folder gives: normalised records of one delivery, or the reason why there are none."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from revloop.contracts.failures import Reject
from revloop.contracts.times import iso, parse_iso

Scalar = bool | int | float | str | None
MAX_ID_LENGTH = 1024
"""Longer ids are refused: they would not fit a key."""
DELETED = "deleted"
"""Name of the field that is true in the last record of what was deleted at the source: it leaves its account."""
FIRST_MS, LAST_MS = -62_135_596_800_000, 253_402_300_799_999
"""The years 1 to 9999: what a time as text can say."""
SHOWN = 60
LONGEST_SHOWN = 10**SHOWN

Json = bool | int | float | str | None | list["Json"] | dict[str, "Json"]


class ObjectMapping(msgspec.Struct, frozen=True, kw_only=True):
    """How one vendor object is read; paths are those of ``revloop.integrations.paths``."""

    entity_type: str
    key: str = ""
    """Path of the key people use; the vendor's id when empty."""
    account: str = ""
    """Path of the account key, or of several."""
    via: Mapping[str, str] = {}
    """Kind of reference -> path: which other record leads to the account; the first one that is there counts."""
    names: Mapping[str, str] = {}
    """Kind of reference -> path: under which names, besides its id, other records refer to this one."""
    fields: Mapping[str, str] = {}
    own_domains: tuple[str, ...] = ()
    """Mail domains of the tenant itself: nobody there is a customer."""


class Reference(msgspec.Struct, frozen=True, order=True):
    """Names another record: by ``<connector>/<object>`` and its id, or by a name it goes by, such as ``email``."""

    kind: str
    id: str


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One normalised record."""

    entity_type: str
    entity_id: str
    entity_key: str
    accounts: tuple[str, ...] = ()
    """Account keys it names itself, sorted; more than one: each account gets it."""
    via: tuple[tuple[Reference, ...], ...] = ()
    """Where it names no account: references in the order in which they count, several of one kind together."""
    names: tuple[Reference, ...] = ()
    """Under these, and under its id, other records refer to it."""
    version: int
    """Grows with every change at the source."""
    occurred_at: int
    fields: dict[str, Scalar]
    partial: bool = False
    """Only the fields named here were told; the others stay as they are."""
    merged_into: str = ""
    """Id of the record of the same object that took this one's place."""


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One object as a delivery brings it, before it is normalised."""

    object: str
    """The vendor's name of the object: the key of its mapping."""
    raw: dict[str, Json]
    id: Json
    fallback: str = ""
    """Name of the object where ``object`` is not mapped."""
    version: int | None
    """None where the source tells no time of the change: the moment of the delivery counts."""
    revisions: int = 0
    """Above 0 where the source's times are coarse: a field ``revision`` below it orders changes of the same time."""
    occurred_at: int | None
    deleted: bool = False
    partial: bool = False
    merged_into: str = ""


class Normaliser(Protocol):
    """One vendor's way of writing."""

    connector: str
    objects: Mapping[str, ObjectMapping]
    """How this vendor's own objects and fields are read; a tenant profile adds to it and overrides it."""

    def items(self, resource: str, body: Json) -> Sequence[Item | Reject]:
        """Every object of a delivery in order, a Reject in the place of one that cannot be read.

        Raises Reject when the delivery as a whole cannot be read; an answer without objects gives an empty sequence.
        """
        ...

    def delivery_id(self, resource: str, body: Json) -> str:
        """The vendor's own id of the delivery, the same when it is sent again; empty where it has none."""
        ...


def decode(body: bytes) -> Json:
    """The JSON of a body; raises Reject."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Reject("bad_json", f"The body is no JSON ({error}): ask the vendor for the delivery again.") from error


_decode: Callable[[bytes], Json] = msgspec.json.Decoder().decode


def scalar(name: str, value: Json) -> Scalar:
    """A field's value as the contracts know it; objects, lists and whole numbers of more than 64 bits are refused."""
    if value is None or isinstance(value, str | float):
        return value
    if isinstance(value, int):  # bool, too
        if -(1 << 63) <= value < 1 << 63:
            return value
        raise _wrong(name, value, "a whole number of 64 bits")
    raise Reject(
        "wrong_type", f"Field {name} holds a {type(value).__name__}: map a path inside it in the tenant profile."
    )


def text(name: str, value: Json) -> Scalar:
    """Text, or None; a number is refused, never converted."""
    if value is None or isinstance(value, str):
        return value
    raise _wrong(name, value, "text")


def number(name: str, value: Json) -> Scalar:
    """A finite number as a float, or None; text is refused, never converted."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, value, "a number")
    try:
        return float(value)
    except OverflowError as error:
        raise _wrong(name, value, "a number that a double can hold") from error


def day(name: str, value: Json) -> Scalar:
    """A calendar day as ``YYYY-MM-DD``, or None."""
    if value is None:
        return None
    if not isinstance(value, str) or len(value) != 10 or value[4] != "-" or value[7] != "-":
        raise _wrong(name, value, "a day (YYYY-MM-DD)")
    moment(name, value)
    return value


def moment(name: str, value: Json) -> int:
    """A moment in ms from ISO 8601; raises Reject."""
    if not isinstance(value, str):
        raise _wrong(name, value, "a time (ISO 8601)")
    try:
        return epoch_ms(name, parse_iso(value))
    except ValueError as error:
        raise _wrong(name, value, "a time (ISO 8601)") from error


def epoch_ms(name: str, value: Json) -> int:
    """A moment in ms from a number of them; raises Reject."""
    if isinstance(value, bool) or not isinstance(value, int) or not FIRST_MS <= value <= LAST_MS:
        raise _wrong(name, value, "a time in milliseconds, in the years 1 to 9999")
    return value


def time_text(name: str, value: Json) -> Scalar:
    """A moment in the one form the contracts use, or None."""
    return None if value is None else iso(moment(name, value))


def _wrong(name: str, value: Json, wanted: str) -> Reject:
    return Reject("wrong_type", f"Field {name} is {shown(value)}, not {wanted}: mend it at the source.")


def shown(value: Json) -> str:
    """A value for a message: short, whatever came in."""
    if isinstance(value, str) and len(value) > SHOWN:
        return f"{value[:SHOWN]!r}… ({len(value)} characters)"
    if isinstance(value, int) and not -LONGEST_SHOWN < value < LONGEST_SHOWN:
        return f"a whole number of {value.bit_length()} bits"
    return f"a {type(value).__name__}" if isinstance(value, list | dict) else repr(value)


ID_TYPES = frozenset({str, int})
"""What a vendor's id may be; truth is no number here."""


def identifier(name: str, value: Json) -> str:
    """A non-empty id as text; raises Reject."""
    if type(value) not in ID_TYPES or value == "":
        raise Reject("missing_id", f"Field {name} is {shown(value)}: without an id a record cannot be followed.")
    found = str(value)
    if len(found) > MAX_ID_LENGTH:
        raise Reject("id_too_long", f"Field {name} has {len(found)} characters, more than {MAX_ID_LENGTH}.")
    return found
