"""What Salesforce says of records comes in as parsed JSON and goes out typed; an answer of another form is refused."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TypeVar

from revloop.contracts.failures import ErrorKind, VendorError
from revloop.contracts.times import parse_iso
from revloop.integrations.salesforce.refusals import http_date_ms
from revloop.integrations.salesforce.session import Answer

Kind = TypeVar("Kind", str, list[object])
Scalar = str | int | float | bool | None
VERSION_FIELDS = ("SystemModstamp", "LastModifiedById")
"""What every record is read with, so that it carries its version."""
SETTLE_MS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordVersion:
    """Which version of a record was seen.

    ``modified_at_ms`` is SystemModstamp; ``modified_by`` the user who wrote it, empty where not asked; ``etag`` is
    empty where the object has none (Salesforce gives them for Account only); ``read_at_ms`` is the vendor's clock when
    read. A version is what a read gave: one put together from a stored stamp is never settled.
    """

    modified_at_ms: int
    modified_by: str = ""
    etag: str = ""
    read_at_ms: int = 0

    @property
    def settled(self) -> bool:
        """True when no later write can carry the same second, so that If-Unmodified-Since tells the versions apart."""
        return self.read_at_ms // SETTLE_MS > self.modified_at_ms // SETTLE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record: its fields by name (``Account.Name`` for those of related records) and the version they belong to."""

    object: str
    id: str
    fields: Mapping[str, Scalar]
    version: RecordVersion


@dataclass(frozen=True, slots=True)
class Created:
    """The record an external id names; ``created`` is false where it was there before."""

    id: str
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SubRequest:
    """One part of a composite request; ``path`` begins after the API version, for example ``sobjects/Task``."""

    method: str
    path: str
    reference: str
    body: Mapping[str, Scalar] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubAnswer:
    """What one part of a composite request was answered; ``body`` is parsed JSON."""

    reference: str
    status: int
    body: object


def soql_literal(value: str | int | float | bool | date | datetime | None) -> str:
    """The value as SOQL writes it; quotes and backslashes in a text cannot end it."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
            return f"'{escaped}'"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date():
            return value.isoformat()
        case float():
            return f"{value:f}"
        case _:
            return str(value)


def read_record(body: Mapping[str, object], answer: Answer, *, etag: str) -> Record:
    """A record of an answer, with related records flattened to dotted names."""
    fields = dict(_flat(body, ""))
    attributes = mapping(body.get("attributes"))
    modified, record_id = fields.get("SystemModstamp"), fields.get("Id")
    if not isinstance(modified, str) or not isinstance(record_id, str):
        raise VendorError(ErrorKind.VALIDATION, "select Id and SystemModstamp, so that each record has its version")
    version = RecordVersion(
        modified_at_ms=_moment(modified),
        modified_by=str(fields.get("LastModifiedById") or ""),
        etag=etag,
        read_at_ms=http_date_ms(answer.headers.get("date", "")),
    )
    return Record(object=str(attributes.get("type", "")), id=record_id, fields=fields, version=version)


def _flat(body: Mapping[str, object], prefix: str) -> Iterator[tuple[str, Scalar]]:
    for name, value in body.items():
        if name == "attributes":
            continue
        if value is None or isinstance(value, str | int | float | bool):
            yield prefix + name, value
        elif isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            raise VendorError(
                ErrorKind.VALIDATION, f"{prefix}{name} is a list; sub-queries are not read by this adapter"
            )


def value_of(record: Record, name: str) -> Scalar:
    """The field's value; None where it lies behind an empty relation."""
    if name in record.fields:
        return record.fields[name]
    steps = name.split(".")
    if any(".".join(steps[:end]) in record.fields for end in range(1, len(steps))):
        return None
    raise unexpected(f"it left out the field {name}")


def _moment(text: str) -> int:
    try:
        return parse_iso(text)
    except ValueError as error:
        raise unexpected(f"SystemModstamp is {text!r:.80}") from error


def read_sub_answer(part: Mapping[str, object]) -> SubAnswer:
    match part:
        case {"referenceId": str(reference), "httpStatusCode": int(status)}:
            return SubAnswer(reference=reference, status=status, body=part.get("body"))
        case _:
            raise unexpected("a part of the composite answer has no referenceId and httpStatusCode")


def mapping(value: object) -> Mapping[str, object]:
    """The JSON object; raises VendorError (UNKNOWN) for anything else."""
    if not isinstance(value, dict):
        raise unexpected(f"{type(value).__name__} where an object belongs")
    return value


def member(answer: Answer, name: str, kind: type[Kind]) -> Kind:
    """The member ``name`` of the answer's object; raises VendorError (UNKNOWN) where it is none of ``kind``."""
    value = mapping(answer.json()).get(name)
    if not isinstance(value, kind):
        raise unexpected(f"{name} is missing or of another type", status=answer.status)
    return value


def unexpected(what: str, *, status: int = 0) -> VendorError:
    """The error for an answer that no version of the API gives."""
    return VendorError(ErrorKind.UNKNOWN, f"Salesforce answered what this adapter does not know: {what}", status=status)
