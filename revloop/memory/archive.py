"""One tenant's texts in a folder of its own: what is known of each, full text, and what waits for its vectors.

The words lie in blobs, by hash; the full text has an index without a copy. Nothing here knows of another tenant.
"""

import re
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import accumulate
from pathlib import Path

import msgspec

from revloop.contracts.ids import canonical
from revloop.memory.artifact import Artifact
from revloop.memory.chunks import chunks
from revloop.stores.blobs import DirectoryBlobs
from revloop.stores.vectors import Place

SCHEMA = """
CREATE TABLE IF NOT EXISTS artifact (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, title TEXT NOT NULL,
    blob TEXT NOT NULL, snapshot TEXT NOT NULL, entity TEXT NOT NULL, source TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS artifact_of_account ON artifact (account);
CREATE INDEX IF NOT EXISTS artifact_of_blob ON artifact (blob);
CREATE TABLE IF NOT EXISTS chunk (
    number INTEGER PRIMARY KEY, artifact TEXT NOT NULL, chunk INTEGER NOT NULL, begin INTEGER NOT NULL,
    end INTEGER NOT NULL, sha256 TEXT NOT NULL, UNIQUE (artifact, chunk)
);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(text, content='', tokenize='porter unicode61');
CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY, artifact TEXT NOT NULL, blob TEXT NOT NULL, erased INTEGER NOT NULL
);
"""
NEXT = "SELECT seq, artifact, blob, erased FROM outbox ORDER BY seq LIMIT ?"
AMONG_ALL = """
SELECT c.artifact, c.chunk FROM (
    SELECT rowid AS number, rank FROM words WHERE words MATCH :question ORDER BY rank LIMIT :limit
) w CROSS JOIN chunk c ON c.number = w.number ORDER BY w.rank, c.number"""
AMONG_SOME = """
SELECT c.artifact, c.chunk FROM words CROSS JOIN chunk c ON c.number = words.rowid
CROSS JOIN artifact a ON a.id = c.artifact
WHERE words MATCH :question AND (:account IS NULL OR a.account = :account)
AND (:kinds = '[]' OR a.kind IN (SELECT value FROM json_each(:kinds)))
ORDER BY bm25(words), c.number LIMIT :limit"""
PASSAGE = """
SELECT a.id, c.chunk, a.account, a.kind, a.at, a.title, a.blob, a.snapshot, a.entity, a.source, c.begin, c.end
FROM chunk c JOIN artifact a ON a.id = c.artifact WHERE c.artifact = ? AND c.chunk = ?"""
COMMON = 0.1
"""A word in more than this share of the chunks tells nothing of one: it is asked for only where there is no other."""
FEW = 20
"""In so many chunks no word is common: there is too little text to know."""
BUDGET = 2_500
"""Chunks that the words of a question may have in all, rarest first: an answer's time does not grow with the texts. A
question of nothing but common words is answered by meaning alone."""


class Order(msgspec.Struct, frozen=True):
    """Something to do beyond this file: vectors of an artifact to write or delete, a blob that lost its owner."""

    seq: int
    artifact_id: str
    blob: str
    erased: bool


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk with its text."""

    place: Place
    text: str
    title: str
    snapshot_id: str
    entity: str
    source: str


class Archive:
    """One writer."""

    def __init__(self, folder: Path, wait_s: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.blobs = DirectoryBlobs(folder / "blobs")
        self._db = sqlite3.connect(
            folder / "memory.sqlite", timeout=wait_s, isolation_level=None, check_same_thread=False
        )
        # secure_delete: erased means overwritten, not merely unlinked
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;" + SCHEMA)

    def keep(self, artifacts: Iterable[Artifact]) -> None:
        """Write artifacts, each with its chunks and words; one that says nothing new is passed over."""
        stored = [(one, self.blobs.put(one.text.encode())) for one in artifacts]
        with self._writing():
            for one, blob in stored:
                self._keep(one, blob)

    def _keep(self, one: Artifact, blob: str) -> None:
        sql = "SELECT at, blob, account, kind, title FROM artifact WHERE id = ?"
        known = self._db.execute(sql, (one.artifact_id,)).fetchone()
        if known and (known[0] > one.at or known[1:] == (blob, one.account_id, one.kind, one.title)):
            if known[0] > one.at:
                self._order(one.artifact_id, blob, erased=False)  # the newer text stays; this blob may be nobody's
            return
        if known:
            self._forget(one.artifact_id, known[1])
        self._db.execute(
            "INSERT INTO artifact VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                one.artifact_id,
                one.account_id,
                one.kind,
                one.at,
                one.title,
                blob,
                one.snapshot_id,
                one.entity,
                one.source,
            ),
        )
        for number, span in enumerate(chunks(one.text)):
            text = one.text[span.begin : span.end]
            digest = sha256(text.encode()).hexdigest()
            sql = "INSERT INTO chunk (artifact, chunk, begin, end, sha256) VALUES (?, ?, ?, ?, ?)"
            row = self._db.execute(sql, (one.artifact_id, number, span.begin, span.end, digest)).lastrowid
            self._db.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (row, text))
        self._order(one.artifact_id, known[1] if known else "", erased=False)

    def _forget(self, artifact_id: str, blob: str) -> None:
        text = self.blobs.get(blob).decode()
        sql = "SELECT number, begin, end FROM chunk WHERE artifact = ?"
        for number, begin, end in self._db.execute(sql, (artifact_id,)).fetchall():
            # an index without a copy is told what it has to forget
            self._db.execute(
                "INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", (number, text[begin:end])
            )
        self._db.execute("DELETE FROM chunk WHERE artifact = ?", (artifact_id,))
        self._db.execute("DELETE FROM artifact WHERE id = ?", (artifact_id,))

    def _order(self, artifact_id: str, blob: str, *, erased: bool) -> None:
        sql = "INSERT INTO outbox (artifact, blob, erased) VALUES (?, ?, ?)"
        self._db.execute(sql, (artifact_id, blob, erased))

    def erase(self, *, artifact_id: str | None = None, account_id: str | None = None) -> int:
        """Forget one artifact, or all of an account; gives their number. What is left to do is in the outbox."""
        sql = "SELECT id, blob FROM artifact WHERE id = ? OR account = ?"
        with self._writing():
            gone = self._db.execute(sql, (artifact_id, account_id)).fetchall()
            for identity, blob in gone:
                self._forget(identity, blob)
                self._order(identity, blob, erased=True)
        return len(gone)

    def scrub(self) -> None:
        """Write the full text anew without what was erased, and leave nothing of it in the log of the file."""
        self._db.execute("INSERT INTO words (words) VALUES ('optimize')")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def orders(self, limit: int) -> list[Order]:
        """The oldest things to do."""
        return [
            Order(seq, artifact, blob, bool(erased)) for seq, artifact, blob, erased in self._db.execute(NEXT, (limit,))
        ]

    def waiting(self) -> int:
        """How many things are to do."""
        return int(self._db.execute("SELECT count(*) FROM outbox").fetchone()[0])

    def done(self, orders: Sequence[Order]) -> None:
        """They are done: blobs without an owner go, and so do the orders."""
        for blob in {order.blob for order in orders if order.blob}:
            if self._db.execute("SELECT 1 FROM artifact WHERE blob = ? LIMIT 1", (blob,)).fetchone() is None:
                self.blobs.erase(blob)
        with self._writing():
            self._db.executemany("DELETE FROM outbox WHERE seq = ?", [(order.seq,) for order in orders])
        if any(order.erased for order in orders):
            self.scrub()

    def passages(self, artifact_id: str) -> list[Passage]:
        """An artifact's chunks in order; none where it is not kept."""
        sql = "SELECT chunk FROM chunk WHERE artifact = ? ORDER BY chunk"
        numbers = [int(number) for (number,) in self._db.execute(sql, (artifact_id,))]
        return [found for number in numbers if (found := self.passage(artifact_id, number)) is not None]

    def passage(self, artifact_id: str, chunk: int) -> Passage | None:
        """One chunk, if it is kept."""
        row = self._db.execute(PASSAGE, (artifact_id, chunk)).fetchone()
        if row is None:
            return None
        text = self.blobs.get(row[6]).decode()[row[10] : row[11]]
        digest = sha256(text.encode()).hexdigest()
        place = Place(artifact_id=row[0], chunk=row[1], account_id=row[2], kind=row[3], at=row[4], sha256=digest)
        return Passage(place=place, text=text, title=row[5], snapshot_id=row[7], entity=row[8], source=row[9])

    def by_words(
        self, question: str, limit: int, account_id: str | None, kinds: Sequence[str]
    ) -> list[tuple[str, int]]:
        """Artifacts and chunks that have words of the question, best first."""
        words = self._telling(list(dict.fromkeys(re.findall(r"\w+", question.lower()))))
        if not words:
            return []
        values = {
            "question": " OR ".join(f'"{word}"' for word in words),
            "account": account_id,
            "kinds": canonical(list(kinds)).decode(),
            "limit": limit,
        }
        sql = AMONG_ALL if account_id is None and not kinds else AMONG_SOME
        return [(str(artifact), int(chunk)) for artifact, chunk in self._db.execute(sql, values)]

    def _telling(self, words: Sequence[str]) -> Sequence[str]:
        """Those that tell the most, rarest first, within the budget: none, where even the rarest is all over."""
        most = max(FEW, int(COMMON * int(self._db.execute("SELECT count(*) FROM chunk").fetchone()[0])))
        spreads = {word: self._spread(word) for word in words}
        rare = sorted((count, word) for word, count in spreads.items() if count)
        told = [(count, word) for count, word in rare if count <= most] or rare
        sums = accumulate(count for count, _ in told)
        return [word for (_, word), so_far in zip(told, sums, strict=True) if so_far <= BUDGET]

    def _spread(self, word: str) -> int:
        """Chunks that have the word in any form, counted as far as the budget goes."""
        sql = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)"
        return int(self._db.execute(sql, (f'"{word}"', BUDGET + 1)).fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def purge(self) -> None:
        """Remove the folder."""
        self.close()
        shutil.rmtree(self._folder)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
