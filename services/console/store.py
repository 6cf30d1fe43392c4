"""The read model (SQLite): what happened, what stands now, the accounts of law 4; the projector is its one writer."""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import Lock

import msgspec

SCHEMA = """
CREATE TABLE IF NOT EXISTS history (
    tenant TEXT NOT NULL, event_id TEXT NOT NULL, kind TEXT NOT NULL, account TEXT NOT NULL, ref TEXT NOT NULL,
    decision TEXT NOT NULL, at INTEGER NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (tenant, event_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS history_ref ON history (tenant, kind, ref, seq);
CREATE INDEX IF NOT EXISTS history_account ON history (tenant, account, kind, seq);
CREATE INDEX IF NOT EXISTS history_decision ON history (tenant, decision, kind, seq);
CREATE TABLE IF NOT EXISTS latest (
    tenant TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, account TEXT NOT NULL, status TEXT NOT NULL,
    score REAL NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (tenant, kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS latest_status ON latest (tenant, kind, status, score DESC, id);
CREATE TABLE IF NOT EXISTS dispositions (
    tenant TEXT NOT NULL, event_id TEXT NOT NULL, connector TEXT NOT NULL, disposition TEXT NOT NULL,
    items INTEGER NOT NULL, records INTEGER NOT NULL, duplicates INTEGER NOT NULL, parked INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    PRIMARY KEY (tenant, event_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bodies (
    tenant TEXT NOT NULL, delivery TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (tenant, delivery)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS resources (
    tenant TEXT NOT NULL, delivery TEXT NOT NULL, resource TEXT NOT NULL, PRIMARY KEY (tenant, delivery)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS clocks (clock TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dead (
    topic TEXT NOT NULL, part INTEGER NOT NULL, pos INTEGER NOT NULL, tenant TEXT NOT NULL, service TEXT NOT NULL,
    reason TEXT NOT NULL, detail TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (topic, part, pos, service)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL);
INSERT INTO counter VALUES (1, 0) ON CONFLICT DO NOTHING;
"""
PACKED = b"\xffzlib "
"""Before what is packed; no encoded event begins so, and what was written before there were any is read as it is."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One event for the history; ``ref`` is what it is about, ``body`` its encoded form."""

    tenant: str
    event_id: str
    kind: str
    account: str
    ref: str
    decision: str
    at: int
    body: bytes


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What stands now of one thing: an account's state, an action, an approval, a signal."""

    tenant: str
    kind: str
    id: str
    account: str
    status: str
    score: float
    at: int
    body: bytes


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery's disposition (law 4)."""

    tenant: str
    event_id: str
    connector: str
    disposition: str
    items: int
    records: int
    duplicates: int
    parked: int
    dead: int


class DeadRow(msgspec.Struct, frozen=True, kw_only=True):
    """One dead letter, by where its input stood."""

    topic: str
    partition: int
    offset: int
    tenant: str
    service: str
    reason: str
    detail: str
    at: int


StandingName = tuple[str, str, str]
"""Tenant, kind and id of what stands."""


class Rows(msgspec.Struct):
    """Everything one batch of events adds; applying it twice changes nothing."""

    facts: list[Fact] = msgspec.field(default_factory=list)
    standings: dict[StandingName, Standing | None] = msgspec.field(default_factory=dict)
    """The last word of the batch on each; None: it stands no more."""
    tallies: list[Tally] = msgspec.field(default_factory=list)
    bodies: list[tuple[str, str, bytes]] = msgspec.field(default_factory=list)
    resources: list[tuple[str, str, str]] = msgspec.field(default_factory=list)
    """(tenant, delivery, what was asked for or pushed)."""
    clocks: dict[str, int] = msgspec.field(default_factory=dict)
    dead: list[DeadRow] = msgspec.field(default_factory=list)


class ReadModel:
    """One file; ``apply`` is the projector's, everything else reads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lock = Lock()
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
        self._db.executescript(SCHEMA)

    def apply(self, rows: Rows) -> None:
        """Write a batch in one transaction."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._write(rows)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _write(self, rows: Rows) -> None:
        db = self._db
        (seq,) = db.execute("SELECT seq FROM counter").fetchone()
        db.executemany(
            "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [
                (f.tenant, f.event_id, f.kind, f.account, f.ref, f.decision, f.at, seq + n, _packed(f.body))
                for n, f in enumerate(rows.facts)
            ],
        )
        db.execute("UPDATE counter SET seq = ?", (seq + len(rows.facts),))
        db.executemany(
            "DELETE FROM latest WHERE tenant = ? AND kind = ? AND id = ?",
            [name for name, standing in rows.standings.items() if standing is None],
        )
        db.executemany(
            "INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [msgspec.structs.astuple(s) for s in rows.standings.values() if s is not None],
        )
        db.executemany(
            "INSERT INTO dispositions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [msgspec.structs.astuple(t) for t in rows.tallies],
        )
        db.executemany(
            "INSERT INTO bodies VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [(t, d, _packed(body)) for t, d, body in rows.bodies],
        )
        db.executemany("INSERT INTO resources VALUES (?, ?, ?) ON CONFLICT DO NOTHING", rows.resources)
        db.executemany(
            "INSERT INTO clocks VALUES (?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
            list(rows.clocks.items()),
        )
        db.executemany(
            "INSERT INTO dead VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [msgspec.structs.astuple(d) for d in rows.dead],
        )

    # --- reading

    def _rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def _bodies(self, sql: str, *values: object) -> list[bytes]:
        return [_unpacked(body) for (body,) in self._rows(sql, *values) if isinstance(body, bytes)]

    def standing(self, tenant: str, kind: str, identity: str) -> bytes | None:
        """What stands of one thing."""
        found = self._bodies("SELECT body FROM latest WHERE tenant = ? AND kind = ? AND id = ?", tenant, kind, identity)
        return found[0] if found else None

    def standings(
        self, tenant: str, kind: str, status: str | None = None, account: str | None = None, limit: int = 1000
    ) -> list[bytes]:
        """Things of one kind, best score first."""
        return self._bodies(
            "SELECT body FROM latest WHERE tenant = ? AND kind = ?"
            " AND (? IS NULL OR status = ?) AND (? IS NULL OR account = ?) ORDER BY score DESC, at DESC, id LIMIT ?",
            tenant,
            kind,
            status,
            status,
            account,
            account,
            limit,
        )

    def about(self, tenant: str, kind: str, ref: str) -> list[bytes]:
        """Events of one kind about one thing, in the order they came."""
        return self._bodies(
            "SELECT body FROM history WHERE tenant = ? AND kind = ? AND ref = ? ORDER BY seq", tenant, kind, ref
        )

    def of_decision(self, tenant: str, decision: str, kind: str) -> list[bytes]:
        """Events of one kind that belong to a decision."""
        return self._bodies(
            "SELECT body FROM history WHERE tenant = ? AND decision = ? AND kind = ? ORDER BY seq",
            tenant,
            decision,
            kind,
        )

    def of_account(self, tenant: str, account: str, kinds: Sequence[str], limit: int) -> list[bytes]:
        """The newest events of an account among ``kinds``, newest first."""
        marks = ",".join("?" * len(kinds))
        return self._bodies(
            "SELECT body FROM history WHERE tenant = ? AND account = ?"  # noqa: S608 - only question marks are put in
            f" AND kind IN ({marks}) ORDER BY seq DESC LIMIT ?",
            tenant,
            account,
            *kinds,
            limit,
        )

    def as_of(self, tenant: str, account: str, kind: str, at: int) -> bytes | None:
        """The last event of one kind of an account that was there at a moment (ms): what stood then."""
        found = self._bodies(
            "SELECT body FROM history WHERE tenant = ? AND account = ? AND kind = ? AND at <= ?"
            " ORDER BY seq DESC LIMIT 1",
            tenant,
            account,
            kind,
            at,
        )
        return found[0] if found else None

    def between(self, tenant: str, account: str, kind: str, after: int, until: int) -> Iterator[bytes]:
        """Events of one kind of an account after one moment (ms), up to another, in order and in pages."""
        seq = -1
        while True:
            page = self._rows(
                "SELECT seq, body FROM history WHERE tenant = ? AND account = ? AND kind = ? AND seq > ?"
                " AND at > ? AND at <= ? ORDER BY seq LIMIT 100",
                tenant,
                account,
                kind,
                seq,
                after,
                until,
            )
            if not page:
                return
            for number, body in page:
                seq = int(str(number))
                if isinstance(body, bytes):
                    yield _unpacked(body)

    def every(self, tenant: str, kind: str) -> Iterator[bytes]:
        """All events of one kind, in pages, so that an export does not hold them all."""
        after = ""
        while True:
            page = self._rows(
                "SELECT event_id, body FROM history WHERE tenant = ? AND kind = ? AND event_id > ?"
                " ORDER BY event_id LIMIT 1000",
                tenant,
                kind,
                after,
            )
            if not page:
                return
            for event_id, body in page:
                after = str(event_id)
                if isinstance(body, bytes):
                    yield _unpacked(body)

    def body(self, tenant: str, delivery: str) -> bytes | None:
        """The verbatim body of a delivery."""
        for (body,) in self._rows("SELECT body FROM bodies WHERE tenant = ? AND delivery = ?", tenant, delivery):
            if isinstance(body, bytes):
                return _unpacked(body) if body.startswith(PACKED) else zlib.decompress(body)  # of an earlier release
        return None

    def resource(self, tenant: str, delivery: str) -> str:
        """What a delivery was the answer to; empty where that is not known."""
        rows = self._rows("SELECT resource FROM resources WHERE tenant = ? AND delivery = ?", tenant, delivery)
        return str(rows[0][0]) if rows else ""

    def clock(self, clock: str) -> int | None:
        """Where a clock stands (ms)."""
        rows = self._rows("SELECT at FROM clocks WHERE clock = ?", clock)
        return int(str(rows[0][0])) if rows else None

    def accounts_of_law_4(self, tenant: str) -> list[dict[str, object]]:
        """Per connector: deliveries by disposition and items by fate, and whether they add up."""
        sql = (
            "SELECT connector, sum(disposition != 'redriven'), sum(disposition = 'empty'), sum(disposition = 'parsed'),"
            " sum(disposition = 'duplicate'), sum(disposition = 'dead'), sum(items), sum(records), sum(duplicates),"
            " sum(parked), sum(dead) FROM dispositions WHERE tenant = ? GROUP BY connector ORDER BY connector"
        )
        names = (
            "connector",
            "deliveries",
            "empty",
            "parsed",
            "duplicate",
            "dead",
            "items",
            "records",
            "item_duplicates",
            "item_parked",
            "item_dead",
        )
        return [_added_up(dict(zip(names, map(_count, row), strict=True))) for row in self._rows(sql, tenant)]

    def counts(self, tenant: str) -> dict[str, int]:
        """Events in the history by kind."""
        return {
            str(kind): int(str(n))
            for kind, n in self._rows(
                "SELECT kind, count(*) FROM history WHERE tenant = ? GROUP BY kind ORDER BY kind", tenant
            )
        }

    def statuses(self, tenant: str, kind: str) -> dict[str, int]:
        """Things of one kind by status."""
        rows = self._rows(
            "SELECT status, count(*) FROM latest WHERE tenant = ? AND kind = ? GROUP BY status ORDER BY status",
            tenant,
            kind,
        )
        return {str(status): int(str(n)) for status, n in rows}

    def dead_letters(self, tenant: str, limit: int) -> Iterable[dict[str, object]]:
        """The newest dead letters of a tenant."""
        names = ("topic", "partition", "offset", "service", "reason", "detail", "at")
        rows = self._rows(
            "SELECT topic, part, pos, service, reason, detail, at FROM dead WHERE tenant = ?"
            " ORDER BY at DESC, topic, part, pos LIMIT ?",
            tenant,
            limit,
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()


def _count(cell: object) -> int | str:
    return cell if isinstance(cell, int) else str(cell)


def _added_up(row: dict[str, int | str]) -> dict[str, object]:
    """A row of law 4 that says whether every delivery and every item in it has one fate."""

    def total(*names: str) -> int:
        return sum(int(row[name]) for name in names)

    deliveries = total("empty", "parsed", "duplicate", "dead")
    items = total("records", "item_duplicates", "item_parked", "item_dead")
    return {**row, "adds_up": (deliveries, items) == (row["deliveries"], row["items"])}


def _packed(body: bytes) -> bytes:
    """States repeat themselves: a history of them takes a fraction of their bytes."""
    return PACKED + zlib.compress(body, 1)


def _unpacked(body: bytes) -> bytes:
    return zlib.decompress(body[len(PACKED) :]) if body.startswith(PACKED) else body
