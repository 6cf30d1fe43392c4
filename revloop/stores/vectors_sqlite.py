"""Vectors in SQLite, a file a tenant: the whole of a namespace is compared in memory, exactly.

Questions about one account read its rows through an index; others compare a matrix that is kept in memory and follows
every write. What is deleted is overwritten in the file and dropped from the matrix.
"""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

import numpy as np

from revloop.contracts.failures import Retry
from revloop.stores.embeddings import Matrix
from revloop.stores.passing import is_passing
from revloop.stores.tenant_folder import folder_name
from revloop.stores.vectors import Namespace, Near, Place, Vector, must_be_few, must_fit

SCHEMA = """
CREATE TABLE IF NOT EXISTS vector (
    embedder TEXT NOT NULL, artifact TEXT NOT NULL, chunk INTEGER NOT NULL, account TEXT NOT NULL, kind TEXT NOT NULL,
    at INTEGER NOT NULL, sha256 TEXT NOT NULL, numbers BLOB NOT NULL, PRIMARY KEY (embedder, artifact, chunk)
);
CREATE INDEX IF NOT EXISTS vector_of_account ON vector (embedder, account);
"""
COLUMNS = "artifact, chunk, account, kind, at, sha256, numbers"
FILE = "vectors.sqlite"


class SqliteVectors:
    """A folder with a file for each tenant; one process writes, others may read."""

    def __init__(self, folder: Path, *, wait_s: float = 5.0) -> None:
        """``wait_s`` is how long a locked file is waited for before Retry is raised."""
        self._folder = folder
        self._wait_s = wait_s
        self._files: dict[str, _File] = {}
        self._lock = RLock()

    def upsert(self, namespace: Namespace, vectors: Sequence[Vector]) -> None:
        """Write vectors."""
        if vectors:
            with self._using(namespace.tenant_id) as file:
                file.upsert(namespace.embedder_id, vectors)

    def query(
        self, namespace: Namespace, values: Matrix, k: int, *, account_id: str | None = None, kinds: Sequence[str] = ()
    ) -> tuple[Near, ...]:
        """The nearest."""
        must_be_few(k)
        with self._using(namespace.tenant_id) as file:
            if account_id is None:
                return file.matrix(namespace.embedder_id).nearest(values, k, kinds)
            return file.of_account(namespace.embedder_id, account_id).nearest(values, k, kinds)

    def delete_artifact(self, namespace: Namespace, artifact_id: str) -> None:
        """Remove an artifact's chunks."""
        with self._using(namespace.tenant_id) as file:
            file.delete(namespace.embedder_id, "artifact", artifact_id)

    def delete_account(self, namespace: Namespace, account_id: str) -> None:
        """Remove an account's chunks."""
        with self._using(namespace.tenant_id) as file:
            file.delete(namespace.embedder_id, "account", account_id)

    def purge_tenant(self, tenant_id: str) -> None:
        """Remove the tenant's file."""
        with self._lock:
            if (file := self._files.pop(tenant_id, None)) is not None:
                file.close()
            if (folder := self._of(tenant_id)).exists():
                shutil.rmtree(folder)

    def count(self, namespace: Namespace) -> int:
        """Chunks there."""
        with self._using(namespace.tenant_id) as file:
            return file.count(namespace.embedder_id)

    def close(self) -> None:
        """Close every file."""
        with self._lock:
            for file in self._files.values():
                file.close()
            self._files.clear()

    def _of(self, tenant_id: str) -> Path:
        return self._folder / folder_name(tenant_id)

    @contextmanager
    def _using(self, tenant_id: str) -> Iterator["_File"]:
        with self._lock:
            try:
                if tenant_id not in self._files:
                    self._files[tenant_id] = _File(self._of(tenant_id) / FILE, self._wait_s)
                yield self._files[tenant_id]
            except sqlite3.Error as error:
                if is_passing(error):
                    raise Retry(f"the vectors in {self._folder} cannot be used now: {error}") from error
                raise


class _File:
    """One tenant's vectors, by embedder."""

    def __init__(self, path: Path, wait_s: float) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=wait_s, isolation_level=None, check_same_thread=False)
        # secure_delete: erased means overwritten, not merely unlinked
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;" + SCHEMA)
        self._matrices: dict[str, _Matrix] = {}
        self._seen = self._version()

    def upsert(self, embedder: str, vectors: Sequence[Vector]) -> None:
        known = self._db.execute("SELECT numbers FROM vector WHERE embedder = ? LIMIT 1", (embedder,)).fetchone()
        must_fit(vectors, len(known[0]) // 4 if known else len(vectors[0].values))
        rows = [
            (embedder, p.artifact_id, p.chunk, p.account_id, p.kind, p.at, p.sha256, one.values.tobytes())
            for one in vectors
            for p in (one.place,)
        ]
        with self._writing():
            self._db.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        if embedder in self._matrices:
            self._matrices[embedder].put(vectors)

    def delete(self, embedder: str, column: str, value: str) -> None:
        sql = f"DELETE FROM vector WHERE embedder = ? AND {column} = ? RETURNING artifact, chunk"  # noqa: S608 - our names
        with self._writing():
            gone = self._db.execute(sql, (embedder, value)).fetchall()
        if not gone:
            return
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # what was written before lies in the log too
        if embedder in self._matrices:
            self._matrices[embedder].drop([(str(artifact), int(chunk)) for artifact, chunk in gone])

    def of_account(self, embedder: str, account: str) -> "_Matrix":
        sql = f"SELECT {COLUMNS} FROM vector WHERE embedder = ? AND account = ?"  # noqa: S608 - names of our own
        return _Matrix(_vector(*row) for row in self._db.execute(sql, (embedder, account)))

    def matrix(self, embedder: str) -> "_Matrix":
        """All of an embedder, read again where another process wrote."""
        if (version := self._version()) != self._seen:
            self._matrices.clear()
            self._seen = version
        if embedder not in self._matrices:
            sql = f"SELECT {COLUMNS} FROM vector WHERE embedder = ?"  # noqa: S608 - names of our own
            self._matrices[embedder] = _Matrix(_vector(*row) for row in self._db.execute(sql, (embedder,)))
        return self._matrices[embedder]

    def count(self, embedder: str) -> int:
        return int(self._db.execute("SELECT count(*) FROM vector WHERE embedder = ?", (embedder,)).fetchone()[0])

    def close(self) -> None:
        self._matrices.clear()
        self._db.close()

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


class _Matrix:
    """Rows in an array that grows by halves; a row that goes gives its place to the last."""

    def __init__(self, vectors: Iterator[Vector]) -> None:
        self._places: list[Place] = []
        self._at: dict[tuple[str, int], int] = {}
        self._kinds: dict[str, int] = {}
        self._rows = np.zeros((0, 0), dtype=np.float32)
        self._kind = np.zeros(0, dtype=np.int32)
        self.put(list(vectors))

    def put(self, vectors: Sequence[Vector]) -> None:
        """Add or replace rows."""
        if vectors:
            self._make_room(len(self._places) + len(vectors), len(vectors[0].values))
        for one in vectors:
            key = (one.place.artifact_id, one.place.chunk)
            row = self._at.setdefault(key, len(self._places))
            if row == len(self._places):
                self._places.append(one.place)
            self._places[row] = one.place
            self._rows[row] = one.values
            self._kind[row] = self._kinds.setdefault(one.place.kind, len(self._kinds))

    def _make_room(self, rows: int, dim: int) -> None:
        if rows > len(self._rows):
            room = max(rows, len(self._rows) * 3 // 2)
            old, old_kind, count = self._rows, self._kind, len(self._places)
            self._rows, self._kind = np.zeros((room, dim), dtype=np.float32), np.zeros(room, dtype=np.int32)
            if count:
                self._rows[:count], self._kind[:count] = old[:count], old_kind[:count]

    def drop(self, keys: Sequence[tuple[str, int]]) -> None:
        """Remove rows; the memory they were in is overwritten."""
        for key in keys:
            row, last = self._at.pop(key), len(self._places) - 1
            moved = self._places.pop()
            if row != last:
                self._places[row], self._at[moved.artifact_id, moved.chunk] = moved, row
                self._rows[row], self._kind[row] = self._rows[last], self._kind[last]
            self._rows[last] = 0

    def nearest(self, values: Matrix, k: int, kinds: Sequence[str]) -> tuple[Near, ...]:
        """The best ``k`` rows."""
        count = len(self._places)
        if not count:
            return ()
        must_match(values, self._rows.shape[1])
        scores = self._rows[:count] @ values
        if kinds:
            wanted = [self._kinds[kind] for kind in kinds if kind in self._kinds]
            scores[~np.isin(self._kind[:count], wanted)] = -np.inf
        rows = np.argpartition(scores, count - k)[count - k :] if count > k else np.arange(count)
        rows = rows[scores[rows] > -np.inf]
        found = [Near(place=self._places[row], score=float(scores[row])) for row in rows]
        return tuple(sorted(found, key=lambda near: (-near.score, near.place.id)))


def must_match(values: Matrix, dim: int) -> None:
    """Raises ValueError for a question by another embedder."""
    if values.shape != (dim,):
        raise ValueError(
            f"a question of shape {values.shape} to vectors of {dim} numbers: use the namespace's embedder"
        )


def _vector(artifact: str, chunk: int, account: str, kind: str, at: int, sha256: str, numbers: bytes) -> Vector:
    place = Place(artifact_id=artifact, chunk=chunk, account_id=account, kind=kind, at=at, sha256=sha256)
    return Vector(place=place, values=np.frombuffer(numbers, dtype=np.float32))
