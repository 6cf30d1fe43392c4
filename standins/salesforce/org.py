"""Reads and writes come in, records and effects go out; each accepted write is stamped, logged and atomic."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from standins.salesforce.answers import Json, Refused
from standins.salesforce.clock import Clock, datetime_text
from standins.salesforce.results import Catalogue, select
from standins.salesforce.schema import FieldType, SObject
from standins.salesforce.soql import Path, Query, parse
from standins.salesforce.store import Row, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Who writes, and how it came: the user's id, the method, and the external id an upsert went by."""

    user: str
    method: str
    external: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preconditions:
    """What must hold of the record for a write: one of the ETags, and no change after a moment (whole seconds)."""

    etags: tuple[str, ...] = ()
    unmodified_since_ms: int | None = None

    def check(self, row: Row) -> None:
        """Refused (412) where the record is not as the client believes."""
        changed = self.unmodified_since_ms is not None and row.modified_ms // 1_000 > self.unmodified_since_ms // 1_000
        foreign = bool(self.etags) and "*" not in self.etags and etag(row) not in self.etags
        if changed or foreign:
            raise Refused(
                412, "PRECONDITION_FAILED", f"{row.object} {row.id} was changed at {datetime_text(row.modified_ms)}"
            )


def etag(row: Row) -> str:
    """The entity tag of one version of a record."""
    return f'"{sha256(f"{row.id}:{row.version}:{row.modified_ms}".encode()).hexdigest()[:43]}="'


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a query result: its records, how many the result has, and where the next page begins (0: nowhere)."""

    records: list[Json]
    total: int
    cursor: int = 0
    next_offset: int = 0


class Org:
    """The records of one organisation; every write is atomic, stamped by ``clock`` and logged."""

    def __init__(self, store: Store, objects: Mapping[str, SObject], clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.catalogue = Catalogue(objects, store)

    def now_ms(self) -> int:
        """What the organisation's clock shows."""
        return self.clock.now(self.store.last_write_ms)

    def live(self, sobject: str, record: str) -> Row:
        """The record; refused (404) where it was never there or is deleted."""
        self.catalogue.sobject(sobject)
        row = self.store.row(record)
        if row is None or row.object != sobject:
            raise Refused(
                404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {record[:80]}"
            )
        if row.deleted:
            raise Refused(404, "ENTITY_IS_DELETED", "entity is deleted")
        return row

    def by_external(self, sobject: str, name: str, value: str) -> str | None:
        """The id of the record that an external id names; refused (404) where the field is no external id."""
        spec = self.catalogue.sobject(sobject).fields.get(name)
        if spec is None or not spec.external_id:
            raise Refused(404, "NOT_FOUND", f"{name} is not an external id field of {sobject}")
        return self.store.id_by_external(sobject, name, value)

    def shown(self, row: Row, names: Iterable[str] | None = None) -> dict[str, Json]:
        """The record as the API shows it: all fields, or those named and the id."""
        known = self.catalogue.sobject(row.object).fields
        paths: list[Path] = [("Id",), *((name,) for name in known)]
        if names is not None:
            paths = [*(tuple(name.split(".")) for name in names), ("Id",)]
            for path in paths:
                self.catalogue.field_at(row.object, path)
        return self.catalogue.shown(row, dict.fromkeys(paths))

    # writes

    def create(self, sobject: str, values: Mapping[str, Json], writer: Writer) -> str:
        """A new record from checked values; its id."""
        spec = self.catalogue.sobject(sobject)
        body = spec.check(values, creating=True)
        with self.store.transaction():
            stamp = self._stamp()
            record = self.store.new_id(spec.prefix)
            made: dict[str, Json] = {
                "Id": record,
                "IsDeleted": False,
                "CreatedById": writer.user,
                "CreatedDate": stamp[1],
            }
            row = self._written(
                Row(
                    object=sobject,
                    id=record,
                    fields={"OwnerId": writer.user} if "OwnerId" in spec.fields else {},
                    version=0,
                    modified_ms=0,
                ),
                {**made, **body},
                stamp,
                writer,
            )
            self._check_references(spec, body)
            self._name_externals(spec, body, record)
            self._log(writer, row, before={}, after=dict(row.fields))
        return record

    def update(
        self, sobject: str, record: str, values: Mapping[str, Json], writer: Writer, wanted: Preconditions
    ) -> None:
        """Changes a record if it is as ``wanted`` says."""
        row = self.live(sobject, record)
        wanted.check(row)
        spec = self.catalogue.sobject(sobject)
        body = spec.check(values, creating=False)
        with self.store.transaction():
            self._check_references(spec, body)
            self._name_externals(spec, body, record)
            self._written(row, body, self._stamp(), writer)
            self._log(writer, row, before={name: row.fields.get(name) for name in body}, after=body)

    def delete(self, sobject: str, record: str, writer: Writer) -> None:
        """Takes a record away; its external ids name nothing any more."""
        row = self.live(sobject, record)
        with self.store.transaction():
            for spec in self.catalogue.sobject(sobject).fields.values():
                if spec.external_id:
                    self.store.name_external(sobject, spec.name, None, record)
            self._written(row, {"IsDeleted": True}, self._stamp(), writer, deleted=True)
            self._log(writer, row, before=dict(row.fields), after={})

    def _stamp(self) -> tuple[int, str]:
        at_ms = self.clock.stamp(self.store.last_write_ms)
        self.store.set_meta("last_write_ms", str(at_ms))
        return at_ms, datetime_text(at_ms)

    def _written(
        self, row: Row, body: Mapping[str, Json], stamp: tuple[int, str], writer: Writer, *, deleted: bool = False
    ) -> Row:
        at_ms, text = stamp
        system: dict[str, Json] = {"LastModifiedDate": text, "SystemModstamp": text, "LastModifiedById": writer.user}
        made = Row(
            object=row.object,
            id=row.id,
            fields={**row.fields, **body, **system},
            version=row.version + 1,
            modified_ms=at_ms,
            deleted=deleted,
        )
        self.store.put(made)
        return made

    def _check_references(self, spec: SObject, body: Mapping[str, Json]) -> None:
        for name, value in body.items():
            reference = spec.fields[name]
            if reference.type is not FieldType.REFERENCE or value is None:
                continue
            target = self.store.row(str(value))
            if target is None or target.deleted or reference.refers_to not in ("", target.object):
                raise Refused(400, "INVALID_CROSS_REFERENCE_KEY", f"{name}: invalid cross reference id", (name,))

    def _name_externals(self, spec: SObject, body: Mapping[str, Json], record: str) -> None:
        for name, value in body.items():
            if not spec.fields[name].external_id:
                continue
            holder = self.store.id_by_external(spec.name, name, str(value))
            if value is not None and holder not in (None, record):
                raise Refused(
                    400,
                    "DUPLICATE_VALUE",
                    f"duplicate value found: {name} duplicates value on record with id: {holder}",
                    (name,),
                )
            self.store.name_external(spec.name, name, None if value is None else str(value), record)

    def _log(self, writer: Writer, row: Row, *, before: Mapping[str, Json], after: Mapping[str, Json]) -> None:
        self.store.log(
            {
                "at_ms": self.store.last_write_ms,
                "method": writer.method,
                "object": row.object,
                "id": row.id,
                "before": dict(before),
                "after": dict(after),
                "user": writer.user,
                "external_id": dict(writer.external) or None,
            }
        )

    # queries

    def query(self, soql: str, page_records: int) -> Page:
        """The first page of a query's result."""
        query = parse(soql)
        rows = select(self.catalogue, query)
        cursor = 0
        if len(rows) > page_records:
            cursor = self.store.open_cursor(soql, [row.id for row in rows])
        return self._page(query, rows[:page_records], len(rows), cursor, page_records)

    def query_more(self, cursor: int, offset: int, page_records: int) -> Page:
        """The page of a kept result that begins at ``offset``; refused where it is no longer kept."""
        kept = self.store.cursor(cursor)
        if kept is None:
            raise Refused(400, "INVALID_QUERY_LOCATOR", "invalid query locator; ask the query again")
        soql, ids = kept
        rows = [row for record in ids[offset : offset + page_records] if (row := self.store.row(record)) is not None]
        return self._page(parse(soql), rows, len(ids), cursor, offset + page_records)

    def _page(self, query: Query, rows: list[Row], total: int, cursor: int, next_offset: int) -> Page:
        records: list[Json] = [self.catalogue.shown(row, query.fields) for row in rows]
        return Page(records, total, cursor, next_offset if next_offset < total else 0)
