"""A record and what is known of its entity come in; the whole record, put together field by field, goes out."""

from collections.abc import Mapping

import msgspec

from revloop.contracts.generated.events import EntityLink
from revloop.integrations.record import Record

LONG_AGO = -(2**63)


class Merged(msgspec.Struct, frozen=True):
    """A record as a whole, as far as it was ever told."""

    record: Record
    field_versions: Mapping[str, int]
    """Versions of fields that were told one by one after the last whole record."""
    whole_version: int | None
    """Of the last record that told the whole; None before there was one."""


def merge(record: Record, known: EntityLink | None) -> Merged:
    """A whole record keeps what was told of single fields later; a single field does not touch the others.

    In whatever order parts and wholes arrive, the end is the same: the newest of each field.
    """
    if record.partial:
        return _part(record, known)
    if known is None or not known.field_versions:
        return Merged(record, {}, record.version)
    if known.whole_version is not None and record.version < known.whole_version:
        return Merged(record, {}, record.version)  # a past whole: the link keeps what it has
    newer = {name: told for name, told in known.field_versions.items() if told > record.version}
    fields = {**record.fields, **{name: known.fields[name] for name in newer}}
    version = max(record.version, *newer.values()) if newer else record.version
    return Merged(msgspec.structs.replace(record, fields=fields, version=version), newer, record.version)


def _part(record: Record, known: EntityLink | None) -> Merged:
    if known is None:
        return Merged(record, dict.fromkeys(record.fields, record.version), None)
    told = {name: value for name, value in record.fields.items() if record.version >= _version_of(name, known)}
    if not told:
        return Merged(record, known.field_versions, known.whole_version)  # all of it is past
    merged = msgspec.structs.replace(
        record,
        entity_key=known.entity.entity_key if known.whole_version is not None else record.entity_key,
        fields={**known.fields, **told},
        version=max(record.version, known.version),
        occurred_at=max(record.occurred_at, known.occurred_at),
    )
    return Merged(merged, {**known.field_versions, **dict.fromkeys(told, record.version)}, known.whole_version)


def _version_of(name: str, known: EntityLink) -> int:
    """From which version on a field counts as told."""
    return max(
        known.field_versions.get(name, LONG_AGO), LONG_AGO if known.whole_version is None else known.whole_version
    )
