"""Delivery logs come in, an organisation holding the latest version of each record comes out; bad lines are refused."""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from standins.salesforce.answers import Json
from standins.salesforce.clock import datetime_text, parse_datetime
from standins.salesforce.ids import looks_like_id, record_id
from standins.salesforce.objects import LearnedField, extended, learned_fields
from standins.salesforce.schema import SObject, fits
from standins.salesforce.store import Row, Store

INTEGRATION_USER = record_id("005", 1)
PERSON_USER = record_id("005", 2)


class BadDelivery(Exception):
    """A delivery file cannot be used; the text names file, line and what is wrong."""


@dataclass(slots=True, kw_only=True)
class Seen:
    """One record of the log: its fields, and the object behind each of its references by field name."""

    object: str
    id: str
    modified_ms: int
    fields: dict[str, Json]
    links: dict[str, str] = field(default_factory=dict)
    whole: bool = True
    """False for a record that was only seen inside another."""


def open_objects(store: Store, files: Iterable[Path]) -> dict[str, SObject]:
    """The objects of the organisation in ``store``; an empty one is first filled from ``files``.

    Raises BadDelivery; then nothing is stored.
    """
    kept = store.meta("learned")
    if kept is not None:
        return extended([LearnedField(**item) for item in json.loads(kept)])
    seen = _latest(files)
    learned = learned_fields((record.object, record.fields, record.links) for record in seen)
    objects = extended(learned)
    with store.transaction():
        for record in (*_users(seen), *seen):
            store.put(_row(record, objects[record.object]))
        store.set_meta("last_write_ms", str(max((record.modified_ms for record in seen), default=0)))
        store.set_meta("learned", json.dumps([item.plain() for item in learned]))
    return objects


def _users(seen: Iterable[Seen]) -> list[Seen]:
    first_ms = min((record.modified_ms for record in seen), default=0)
    names = {INTEGRATION_USER: "Revloop Integration", PERSON_USER: "A Person"}
    return [Seen(object="User", id=user, modified_ms=first_ms, fields={"Name": name}) for user, name in names.items()]


def _row(seen: Seen, sobject: SObject) -> Row:
    for name, value in seen.fields.items():
        if value is not None and not fits(sobject.fields[name].type, value):
            raise BadDelivery(f"{seen.object} {seen.id}: {name} is {value!r}, which is no {sobject.fields[name].type}")
    editor = seen.fields.get("OwnerId") or PERSON_USER
    stamp = datetime_text(seen.modified_ms)
    gone = seen.fields.get("IsDeleted") is True
    system: dict[str, Json] = {"Id": seen.id, "IsDeleted": gone, "SystemModstamp": stamp, "LastModifiedDate": stamp}
    fields = {"CreatedById": editor, "LastModifiedById": editor, **seen.fields, **system}
    return Row(object=seen.object, id=seen.id, fields=fields, version=1, modified_ms=seen.modified_ms)


def _latest(files: Iterable[Path]) -> list[Seen]:
    """Each record once: the version with the latest stamp, the later line where two have the same."""
    latest: dict[str, Seen] = {}
    for path in files:
        for where, record in _records(_log_of(path)):
            try:
                versions = list(_versions(record))
            except ValueError as error:
                raise BadDelivery(f"{where}: {error}") from error
            for version in versions:
                if _better(version, latest.get(version.id)):
                    latest[version.id] = version
    return list(latest.values())


def _better(new: Seen, known: Seen | None) -> bool:
    if known is None or new.whole != known.whole:
        return known is None or new.whole
    return new.whole and new.modified_ms >= known.modified_ms


def _records(path: Path) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Each record of each query page in a delivery file, with its place."""
    with path.open("rb") as packed, gzip.open(packed) if path.suffix == ".gz" else packed as lines:
        for number, line in enumerate(_lines(path, lines), start=1):
            where = f"{path.name} line {number}"
            try:
                delivery: Json = json.loads(line)
            except ValueError as error:
                raise BadDelivery(f"{where}: not JSON: {error}") from error
            for record in _page_records(delivery):
                yield where, record


def _lines(path: Path, lines: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield from lines
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadDelivery(f"{path.name} is a broken gzip file: {error}") from error


def _log_of(path: Path) -> Path:
    """The delivery file itself, or the one in a folder."""
    inside = [path / name for name in ("deliveries.jsonl.gz", "deliveries.jsonl") if (path / name).exists()]
    return inside[0] if inside else path


def _page_records(delivery: Json) -> list[dict[str, Json]]:
    if not isinstance(delivery, dict) or delivery.get("connector") != "salesforce":
        return []
    body = delivery.get("body")
    records = body.get("records") if isinstance(body, dict) else None
    return [item for item in records if isinstance(item, dict)] if isinstance(records, list) else []


def _versions(record: Mapping[str, Json]) -> Iterator[Seen]:
    """The record and, with what is known of them, the records nested in it; raises ValueError."""
    sobject, record_id = _named(record)
    stamp = record.get("SystemModstamp")
    if not isinstance(stamp, str):
        raise ValueError(f"{sobject} {record_id} has no SystemModstamp")
    modified_ms = parse_datetime(stamp)
    seen = Seen(object=sobject, id=record_id, modified_ms=modified_ms, fields={})
    for name, value in record.items():
        reference = _reference_field(name)
        if isinstance(value, dict) and name != "attributes":
            target, target_id = _named(value)
            seen.links[reference] = target
            fields = {key: inner for key, inner in value.items() if key != "attributes"}
            yield Seen(object=target, id=target_id, modified_ms=modified_ms, fields=fields, whole=False)
        elif name != "attributes" and not (value is None and reference in record):
            seen.fields[name] = value
    yield seen


def _reference_field(relation: str) -> str:
    """``AccountId`` for the relation ``Account``, ``Account__c`` for ``Account__r``."""
    return f"{relation[:-1]}c" if relation.endswith("__r") else f"{relation}Id"


def _named(record: Mapping[str, Json]) -> tuple[str, str]:
    """Object and id, from the record's attributes; raises ValueError where they are not given."""
    attributes = record.get("attributes")
    if not isinstance(attributes, dict):
        raise ValueError("a record without attributes: give query pages as the vendor sends them")
    record_id = str(record.get("Id") or str(attributes.get("url", "")).rsplit("/", 1)[-1])
    if not looks_like_id(record_id):
        raise ValueError(f"{record_id!r} is not an 18-character record id")
    return str(attributes.get("type")), record_id
