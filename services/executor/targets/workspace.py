"""The internal workspace: tasks, notes and flags, create-once by action id; undo withdraws them and keeps the trace."""

import json
import sqlite3
from pathlib import Path
from threading import Lock

from revloop.contracts.generated.events import Target
from services.executor.queue import Lease
from services.executor.targets import NoteSent, Result, UndoRefused

SYSTEM = "workspace"
SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    tenant TEXT NOT NULL, item_id TEXT NOT NULL, account TEXT NOT NULL, kind TEXT NOT NULL, content TEXT NOT NULL,
    created_at INTEGER NOT NULL, withdrawn INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant, item_id)
) WITHOUT ROWID;
"""


class Workspace:
    """One SQLite file; the executor is its only writer."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lock = Lock()
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        self._db.executescript(SCHEMA)

    def perform(self, lease: Lease, note_sent: NoteSent) -> Result:
        """Create the item; the action id is its key, so a second attempt changes nothing."""
        action = lease.action
        content = dict(action.proposal.parameters)
        with self._lock:
            self._db.execute(
                "INSERT INTO items (tenant, item_id, account, kind, content, created_at) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (
                    action.tenant_id,
                    action.action_id,
                    action.account_id,
                    action.proposal.action_kind,
                    json.dumps(content, sort_keys=True),
                    action.observed_at,
                ),
            )
        target = _target(lease, version=1)
        return Result(target=target, before={}, after=content, message=f"created {target.object}")

    def undo(self, lease: Lease, note_sent: NoteSent) -> Result:
        """Withdraw the item; refused when it is not there or was changed."""
        action = lease.action
        with self._lock:
            row = self._db.execute(
                "UPDATE items SET withdrawn = 1 WHERE tenant = ? AND item_id = ? AND version = 1 RETURNING content",
                (action.tenant_id, action.action_id),
            ).fetchone()
        if row is None:
            raise UndoRefused("The item is not in the workspace as we left it: look at it and decide by hand.")
        return Result(target=_target(lease, version=1), before=json.loads(row[0]), after={}, message="withdrawn")

    def items(self, tenant_id: str) -> list[tuple[str, str, bool]]:
        """(item id, kind, withdrawn) of a tenant's items, for reading back."""
        with self._lock:
            rows = self._db.execute(
                "SELECT item_id, kind, withdrawn FROM items WHERE tenant = ? ORDER BY item_id", (tenant_id,)
            )
            return [(item_id, kind, bool(withdrawn)) for item_id, kind, withdrawn in rows.fetchall()]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()


def _target(lease: Lease, version: int) -> Target:
    proposal = lease.action.proposal
    return Target(
        system=SYSTEM,
        object=proposal.target.object,
        object_id=lease.action.action_id,
        label=proposal.target.label,
        version=version,
    )
