"""The durable queue of orders (SQLite, WAL, synchronous=FULL): create-once by order id, leased with a fencing token.

An order moves WAITING (its intent is not yet in the ledger) -> READY -> DONE (its outcome is fixed) -> PUBLISHED.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import msgspec

from revloop.contracts import codec
from revloop.contracts.generated.events import Action, Outcome
from services.executor.core.orders import Direction

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    order_id    TEXT PRIMARY KEY,
    lane        TEXT NOT NULL,
    action      BLOB NOT NULL,
    direction   TEXT NOT NULL,
    state       TEXT NOT NULL DEFAULT 'WAITING',
    intent      TEXT NOT NULL DEFAULT '',
    attempts    INTEGER NOT NULL DEFAULT 0,
    not_before  INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER NOT NULL DEFAULT 0,
    token       INTEGER NOT NULL DEFAULT 0,
    sent        BLOB,
    outcome     BLOB,
    seq         INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS orders_ready ON orders (state, not_before, seq);
"""


class LeaseLost(Exception):
    """Another worker holds the order now: what this one found out must not be written."""


class Sent(msgspec.Struct, frozen=True):
    """What a worker noted right before it wrote to the target: after a crash the next one reads back and compares."""

    before: dict[str, bool | int | float | str | None]
    version: int


class Lease(msgspec.Struct, frozen=True):
    """One order held by one worker until ``until`` (wall clock, ms)."""

    order_id: str
    token: int
    action: Action
    direction: Direction
    lane: str
    intent_entry_id: str
    attempt: int
    sent: Sent | None
    until: int


class OrderQueue:
    """One file, one writing process; every method is one transaction and safe to call from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lock = Lock()
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        self._db.executescript(SCHEMA)
        # one file, one process: leases of the one before are void, and their tokens are too old to write anything
        self._db.execute(
            "UPDATE orders SET lease_until = 0, token = token + 1 WHERE state = 'READY' AND lease_until > 0"
        )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def put(self, order_id: str, action: Action, direction: Direction) -> bool:
        """Add an order; False when it is there already (then nothing changes)."""
        lane = f"{action.tenant_id}|{action.proposal.target.system}"
        with self._transaction() as db:
            row = db.execute(
                "INSERT INTO orders (order_id, lane, action, direction, seq)"
                " VALUES (?, ?, ?, ?, (SELECT coalesce(max(seq), 0) + 1 FROM orders))"
                " ON CONFLICT DO NOTHING RETURNING 1",
                (order_id, lane, codec.encode(action), direction.value),
            ).fetchone()
        return row is not None

    def acknowledge(self, order_id: str, entry_id: str) -> bool:
        """The ledger holds the order's intent: it may begin. False when the order does not wait (any more)."""
        with self._transaction() as db:
            row = db.execute(
                "UPDATE orders SET state = 'READY', intent = ? WHERE order_id = ? AND state = 'WAITING' RETURNING 1",
                (entry_id, order_id),
            ).fetchone()
        return row is not None

    def waiting(self) -> list[tuple[Action, Direction]]:
        """Orders whose intent the ledger has not acknowledged, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT action, direction FROM orders WHERE state = 'WAITING' ORDER BY seq"
            ).fetchall()
        return [(_action(blob), Direction(direction)) for blob, direction in rows]

    def lease(self, now: int, lease_ms: int, blocked_lanes: frozenset[str] = frozenset()) -> Lease | None:
        """Take the oldest order that may run at ``now``; an order whose lease ran out is free again."""
        marks = ",".join("?" * len(blocked_lanes))
        query = (
            "SELECT order_id, action, direction, lane, intent, attempts, sent, token FROM orders"  # noqa: S608 - only marks
            f" WHERE state = 'READY' AND not_before <= ? AND lease_until <= ? AND lane NOT IN ({marks})"
            " ORDER BY seq LIMIT 1"
        )
        with self._transaction() as db:
            row = db.execute(query, (now, now, *sorted(blocked_lanes))).fetchone()
            if row is None:
                return None
            order_id, action, direction, lane, intent, attempts, sent, token = row
            db.execute(
                "UPDATE orders SET lease_until = ?, token = token + 1, attempts = attempts + 1 WHERE order_id = ?",
                (now + lease_ms, order_id),
            )
        return Lease(
            order_id=order_id,
            token=token + 1,
            action=_action(action),
            direction=Direction(direction),
            lane=lane,
            intent_entry_id=intent,
            attempt=attempts + 1,
            until=now + lease_ms,
            sent=msgspec.json.decode(sent, type=Sent) if sent else None,
        )

    def note_sent(self, lease: Lease, sent: Sent) -> None:
        """Remember that the target is about to be written; raises LeaseLost when the order is no longer ours."""
        self._held(lease, "sent = ?", (msgspec.json.encode(sent),))

    def retry(self, lease: Lease, not_before: int) -> None:
        """Give the order back, to be tried at ``not_before`` (wall clock, ms) or later."""
        self._held(lease, "lease_until = 0, not_before = ?", (not_before,))

    def complete(self, lease: Lease, outcome: Outcome) -> None:
        """Fix the outcome: the order never runs again."""
        self._held(lease, "state = 'DONE', lease_until = 0, outcome = ?", (codec.encode(outcome),))

    def _held(self, lease: Lease, assignment: str, values: tuple[object, ...]) -> None:
        with self._transaction() as db:
            row = db.execute(
                f"UPDATE orders SET {assignment} WHERE order_id = ? AND token = ? AND state = 'READY' RETURNING 1",  # noqa: S608 - constants
                (*values, lease.order_id, lease.token),
            ).fetchone()
            if row is None:
                raise LeaseLost(f"order {lease.order_id} is held by another worker (token {lease.token} is old)")

    def unpublished(self) -> list[tuple[str, Outcome]]:
        """Outcomes that nobody has been told yet, oldest first."""
        with self._lock:
            rows = self._db.execute("SELECT order_id, outcome FROM orders WHERE state = 'DONE' ORDER BY seq").fetchall()
        return [(order_id, _outcome(blob)) for order_id, blob in rows]

    def published(self, order_id: str) -> None:
        """The outcome is on its topic."""
        with self._transaction() as db:
            db.execute("UPDATE orders SET state = 'PUBLISHED' WHERE order_id = ? AND state = 'DONE'", (order_id,))

    def counts(self) -> dict[str, int]:
        """Orders by state."""
        with self._lock:
            return dict(self._db.execute("SELECT state, count(*) FROM orders GROUP BY state").fetchall())

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()


def _action(blob: bytes) -> Action:
    action = codec.decode(blob)
    assert isinstance(action, Action)  # put() wrote nothing else
    return action


def _outcome(blob: bytes) -> Outcome:
    outcome = codec.decode(blob)
    assert isinstance(outcome, Outcome)  # complete() wrote nothing else
    return outcome
