"""Records, effects and query cursors of one organisation in one SQLite file; what is acknowledged survives kill -9."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from standins.salesforce.answers import Json
from standins.salesforce.ids import record_id

_TABLES = """
CREATE TABLE IF NOT EXISTS records (
    id TEXT PRIMARY KEY, object TEXT NOT NULL, fields TEXT NOT NULL,
    version INTEGER NOT NULL, modified_ms INTEGER NOT NULL, deleted INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS records_by_object ON records (object, deleted, id);
CREATE TABLE IF NOT EXISTS external_ids (
    object TEXT, field TEXT, value TEXT, id TEXT NOT NULL, PRIMARY KEY (object, field, value));
CREATE TABLE IF NOT EXISTS effects (seq INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS cursors (number INTEGER PRIMARY KEY AUTOINCREMENT, soql TEXT NOT NULL, ids TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_CURSORS_KEPT = 10
_FIRST_NUMBER = 1_000
"""Lower numbers are those of the users that every organisation has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record: ``fields`` as the API has them, ``version`` counts its writes, ``modified_ms`` is SystemModstamp."""

    object: str
    id: str
    fields: Mapping[str, Json]
    version: int
    modified_ms: int
    deleted: bool = False


class StateInUse(Exception):
    """Another process holds the state directory."""


class Store:
    """The one writer of ``<directory>/salesforce.sqlite3``; refuses a directory that another process has open."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(directory / "salesforce.sqlite3", isolation_level=None, timeout=0.2)
        self._depth = 0
        try:
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_TABLES)
        except sqlite3.OperationalError as error:
            self._db.close()
            raise StateInUse(
                f"{directory} is in use ({error}); stop the other stand-in or give another --state"
            ) from error

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nests, the inner one can fail alone."""
        point = f"depth_{self._depth}"
        self._db.execute("BEGIN IMMEDIATE" if self._depth == 0 else f"SAVEPOINT {point}")
        self._depth += 1
        done = False
        try:
            yield
            done = True
        finally:
            self._depth -= 1
            self._end(point, done=done)

    def _end(self, point: str, *, done: bool) -> None:
        if self._depth == 0:
            self._db.execute("COMMIT" if done else "ROLLBACK")
            return
        if not done:
            self._db.execute(f"ROLLBACK TO {point}")
        self._db.execute(f"RELEASE {point}")

    # records

    def row(self, record: str) -> Row | None:
        """The record with this id, deleted or not."""
        found = self._db.execute(_ONE, (record,)).fetchone()
        return _row(found) if found else None

    def rows(self, sobject: str) -> Iterator[Row]:
        """The records of an object that are not deleted, by id."""
        return (_row(found) for found in self._db.execute(_ALL, (sobject,)))

    def put(self, row: Row) -> None:
        """Stores the record under its id."""
        values = (row.id, row.object, json.dumps(row.fields), row.version, row.modified_ms, int(row.deleted))
        self._db.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?)", values)

    def new_id(self, prefix: str) -> str:
        """An id that no record has had."""
        number = int(self.meta("last_number") or _FIRST_NUMBER) + 1
        self.set_meta("last_number", str(number))
        return record_id(prefix, number)

    # external ids

    def id_by_external(self, sobject: str, field: str, value: str) -> str | None:
        """The id of the live record whose external id ``field`` is ``value``."""
        sql = "SELECT id FROM external_ids WHERE object = ? AND field = ? AND value = ?"
        found = self._db.execute(sql, (sobject, field, value)).fetchone()
        return str(found[0]) if found else None

    def name_external(self, sobject: str, field: str, value: str | None, record: str) -> None:
        """From now on ``value`` alone names the record in ``field``; None: nothing does."""
        self._db.execute("DELETE FROM external_ids WHERE object = ? AND field = ? AND id = ?", (sobject, field, record))
        if value is not None:
            self._db.execute("INSERT INTO external_ids VALUES (?, ?, ?, ?)", (sobject, field, value, record))

    # effects, cursors, values

    def log(self, entry: Mapping[str, Json]) -> None:
        """Adds one accepted write to the effect log, in the transaction of the write."""
        self._db.execute("INSERT INTO effects (entry) VALUES (?)", (json.dumps(entry),))

    def effects(self, after: int, limit: int) -> list[dict[str, Json]]:
        """Effects with a sequence number above ``after``, in order."""
        sql = "SELECT seq, entry FROM effects WHERE seq > ? ORDER BY seq LIMIT ?"
        return [{"seq": seq, **json.loads(entry)} for seq, entry in self._db.execute(sql, (after, limit))]

    def open_cursor(self, soql: str, ids: list[str]) -> int:
        """Keeps a query result for paging; the ten newest are kept."""
        made = self._db.execute("INSERT INTO cursors (soql, ids) VALUES (?, ?)", (soql, json.dumps(ids)))
        number = int(made.lastrowid or 0)
        self._db.execute("DELETE FROM cursors WHERE number <= ?", (number - _CURSORS_KEPT,))
        return number

    def cursor(self, number: int) -> tuple[str, list[str]] | None:
        """Query and record ids of a kept result."""
        found = self._db.execute("SELECT soql, ids FROM cursors WHERE number = ?", (number,)).fetchone()
        return (str(found[0]), json.loads(found[1])) if found else None

    def meta(self, name: str) -> str | None:
        """A value of the organisation itself."""
        found = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(found[0]) if found else None

    def set_meta(self, name: str, value: str) -> None:
        """Sets a value of the organisation itself."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    @property
    def last_write_ms(self) -> int:
        """Stamp of the last write."""
        return int(self.meta("last_write_ms") or "0")


_ONE = "SELECT object, id, fields, version, modified_ms, deleted FROM records WHERE id = ?"
_ALL = (
    "SELECT object, id, fields, version, modified_ms, deleted FROM records WHERE object = ? AND deleted = 0 ORDER BY id"
)


def _row(found: tuple[str, str, str, int, int, int]) -> Row:
    sobject, record, fields, version, modified_ms, deleted = found
    return Row(
        object=sobject,
        id=record,
        fields=json.loads(fields),
        version=version,
        modified_ms=modified_ms,
        deleted=bool(deleted),
    )
