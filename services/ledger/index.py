"""Which entry has which index in which tenant's log (SQLite, WAL, synchronous=FULL): one entry, one index, for ever."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    tenant TEXT NOT NULL, idx INTEGER NOT NULL, entry_id TEXT NOT NULL, leaf BLOB,
    PRIMARY KEY (tenant, idx)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS entries_by_id ON entries (tenant, entry_id);
"""


class Placed(msgspec.Struct, frozen=True):
    """An entry and its index in the tenant's log."""

    entry_id: str
    index: int


class EntryIndex:
    """The truth about order; the tiles are written after it and can be written again from it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        self._db.executescript(SCHEMA)

    def place(self, tenant_id: str, leaves: Sequence[tuple[str, bytes]]) -> list[Placed]:
        """Give each (entry id, leaf bytes) its index, in order; one that is there already keeps the index it has."""
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            placed = [Placed(entry_id, self._place(tenant_id, entry_id, leaf)) for entry_id, leaf in leaves]
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
        return placed

    def _place(self, tenant_id: str, entry_id: str, leaf: bytes) -> int:
        row = self._db.execute(
            "SELECT idx FROM entries WHERE tenant = ? AND entry_id = ?", (tenant_id, entry_id)
        ).fetchone()
        if row is None:
            row = self._db.execute(
                "INSERT INTO entries (tenant, idx, entry_id, leaf)"
                " VALUES (?, (SELECT coalesce(max(idx), -1) + 1 FROM entries WHERE tenant = ?), ?, ?) RETURNING idx",
                (tenant_id, tenant_id, entry_id, leaf),
            ).fetchone()
        return int(row[0])

    def tenants(self) -> list[str]:
        """Tenants that have entries."""
        return [tenant for (tenant,) in self._db.execute("SELECT DISTINCT tenant FROM entries ORDER BY tenant")]

    def leaves_from(self, tenant_id: str, start: int) -> list[bytes]:
        """Leaves at ``start`` and after, in order: what the tiles may lack."""
        rows = self._db.execute(
            "SELECT leaf FROM entries WHERE tenant = ? AND idx >= ? ORDER BY idx", (tenant_id, start)
        )
        return [leaf for (leaf,) in rows]

    def published(self, tenant_id: str, start: int, size: int) -> None:
        """Entries from ``start`` to below ``size`` are in published tiles: their leaves are not needed here."""
        self._db.execute(
            "UPDATE entries SET leaf = NULL WHERE tenant = ? AND idx >= ? AND idx < ?", (tenant_id, start, size)
        )

    def find(self, tenant_id: str, entry_id: str) -> int | None:
        """Index of an entry, None when it is not in the log."""
        row = self._db.execute(
            "SELECT idx FROM entries WHERE tenant = ? AND entry_id = ?", (tenant_id, entry_id)
        ).fetchone()
        return None if row is None else int(row[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()
