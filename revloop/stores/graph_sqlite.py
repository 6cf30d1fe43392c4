"""The situation graph in one SQLite file with one writer: nodes and edges in two tables, views by fixed statements."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import msgspec

from revloop.contracts.failures import Retry
from revloop.contracts.generated.events import Scalar
from revloop.contracts.ids import canonical
from revloop.stores.graph import (
    MAX_NODES,
    DanglingEdge,
    Edge,
    Label,
    Neighbourhood,
    Node,
    Reached,
    Relation,
    must_be_bounded,
    must_own,
)

SCHEMA = """
CREATE TABLE IF NOT EXISTS node (
    tenant TEXT NOT NULL, id TEXT NOT NULL, label TEXT NOT NULL, ts INTEGER NOT NULL, props BLOB NOT NULL,
    PRIMARY KEY (tenant, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS edge (
    tenant TEXT NOT NULL, src TEXT NOT NULL, rel TEXT NOT NULL, dst TEXT NOT NULL, ts INTEGER NOT NULL,
    PRIMARY KEY (tenant, src, rel, dst)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS edge_back ON edge (tenant, dst, rel, src);
"""
UPSERT_NODE = (
    "INSERT INTO node VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
    " label = excluded.label, ts = excluded.ts, props = excluded.props WHERE excluded.ts >= node.ts"
)
UPSERT_EDGE = (
    "INSERT INTO edge VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET ts = excluded.ts WHERE excluded.ts >= edge.ts"
)
# CROSS JOIN keeps the order of the tables: the statements stay fast without statistics.
WITHIN_1 = """
WITH least (id, hops) AS (
    SELECT dst, 1 FROM edge WHERE tenant = :tenant AND src = :start
    UNION SELECT src, 1 FROM edge WHERE tenant = :tenant AND dst = :start
)
SELECT n.id, n.label, n.ts, n.props, l.hops FROM least l CROSS JOIN node n ON n.tenant = :tenant AND n.id = l.id
WHERE n.id != :start AND n.ts >= :since AND (:labels = '[]' OR n.label IN (SELECT value FROM json_each(:labels)))
ORDER BY l.hops, n.ts DESC, n.id LIMIT :limit"""
WITHIN_2 = """
WITH hop (id) AS (
    SELECT dst FROM edge WHERE tenant = :tenant AND src = :start
    UNION SELECT src FROM edge WHERE tenant = :tenant AND dst = :start
), far (id, hops) AS (
    SELECT id, 1 FROM hop
    UNION ALL SELECT e.dst, 2 FROM hop CROSS JOIN edge e ON e.tenant = :tenant AND e.src = hop.id
    UNION ALL SELECT e.src, 2 FROM hop CROSS JOIN edge e ON e.tenant = :tenant AND e.dst = hop.id
), least (id, hops) AS (SELECT id, min(hops) FROM far GROUP BY id)
SELECT n.id, n.label, n.ts, n.props, l.hops FROM least l CROSS JOIN node n ON n.tenant = :tenant AND n.id = l.id
WHERE n.id != :start AND n.ts >= :since AND (:labels = '[]' OR n.label IN (SELECT value FROM json_each(:labels)))
ORDER BY l.hops, n.ts DESC, n.id LIMIT :limit"""
AMONG = """
SELECT e.src, e.rel, e.dst, e.ts FROM json_each(:ids) i CROSS JOIN edge e ON e.tenant = :tenant AND e.src = i.value
WHERE e.dst IN (SELECT value FROM json_each(:ids)) ORDER BY e.src, e.rel, e.dst"""
MISSING = "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT id FROM node WHERE tenant = ?) LIMIT 1"

PRIMARY = 0xFF
"""Mask of a primary result code within an extended one."""
PASSING = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
)
"""Failures of the machine, which heal by waiting; any other is a bug."""

_props = msgspec.json.Decoder(dict[str, Scalar])


class SqliteGraph:
    """One file; whoever writes holds a FolderLock on its folder. Raises Retry while the file cannot be used."""

    def __init__(self, path: Path, *, wait_s: float = 5.0) -> None:
        """``wait_s`` is how long a locked file is waited for before Retry is raised."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=wait_s, isolation_level=None, check_same_thread=False)
        self._lock = Lock()
        # FULL: what was fed is not fed again, so it must be on the disk before the feed goes on
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        self._db.executescript(SCHEMA)

    def upsert_nodes(self, tenant_id: str, nodes: Iterable[Node]) -> None:
        """Write nodes, each as a whole."""
        rows = [(tenant_id, node.id, node.label.value, node.ts, _written(node)) for node in nodes]
        must_own(tenant_id, *(row[1] for row in rows))
        with self._writing() as db:
            db.executemany(UPSERT_NODE, rows)

    def upsert_edges(self, tenant_id: str, edges: Iterable[Edge]) -> None:
        """Write edges whose ends are there."""
        rows = [(tenant_id, edge.src, edge.rel.value, edge.dst, edge.ts) for edge in edges]
        ends = sorted({end for row in rows for end in (row[1], row[3])})
        must_own(tenant_id, *ends)
        with self._writing() as db:
            if missing := db.execute(MISSING, (_json(ends), tenant_id)).fetchone():
                raise DanglingEdge(f"{missing[0]} is not in the graph: write the node before its edges")
            db.executemany(UPSERT_EDGE, rows)

    def get_node(self, tenant_id: str, node_id: str) -> Node | None:
        """The node, if there is one."""
        must_own(tenant_id, node_id)
        sql = "SELECT id, label, ts, props FROM node WHERE tenant = ? AND id = ?"
        with self._using() as db:
            row = db.execute(sql, (tenant_id, node_id)).fetchone()
        return _node(*row) if row else None

    def neighbourhood(
        self, tenant_id: str, node_id: str, *, hops: int = 1, labels: Sequence[Label] = (), limit: int = MAX_NODES
    ) -> Neighbourhood:
        """Nodes around one, and the edges among them."""
        reached = self._reached(tenant_id, node_id, hops, labels, 0, limit)
        ids = [node_id, *(one.node.id for one in reached)]
        with self._using() as db:
            rows = db.execute(AMONG, {"tenant": tenant_id, "ids": _json(ids)}).fetchall()
        edges = tuple(Edge(src=src, rel=Relation(rel), dst=dst, ts=ts) for src, rel, dst, ts in rows)
        return Neighbourhood(reached=reached, edges=edges)

    def recent(
        self, tenant_id: str, node_id: str, label: Label, *, since: int = 0, limit: int = 20
    ) -> tuple[Node, ...]:
        """Direct neighbours of one label, newest first."""
        return tuple(one.node for one in self._reached(tenant_id, node_id, 1, (label,), since, limit))

    def delete_node(self, tenant_id: str, node_id: str) -> None:
        """Remove a node and its edges."""
        must_own(tenant_id, node_id)
        with self._writing() as db:
            db.execute("DELETE FROM edge WHERE tenant = ? AND src = ?", (tenant_id, node_id))
            db.execute("DELETE FROM edge WHERE tenant = ? AND dst = ?", (tenant_id, node_id))
            db.execute("DELETE FROM node WHERE tenant = ? AND id = ?", (tenant_id, node_id))

    def delete_edge(self, tenant_id: str, src: str, rel: Relation, dst: str) -> None:
        """Remove an edge."""
        must_own(tenant_id, src, dst)
        sql = "DELETE FROM edge WHERE tenant = ? AND src = ? AND rel = ? AND dst = ?"
        with self._writing() as db:
            db.execute(sql, (tenant_id, src, rel.value, dst))

    def purge_tenant(self, tenant_id: str) -> None:
        """Remove everything of a tenant."""
        with self._writing() as db:
            db.execute("DELETE FROM edge WHERE tenant = ?", (tenant_id,))
            db.execute("DELETE FROM node WHERE tenant = ?", (tenant_id,))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _reached(
        self, tenant_id: str, start: str, hops: int, labels: Sequence[Label], since: int, limit: int
    ) -> tuple[Reached, ...]:
        must_own(tenant_id, start)
        must_be_bounded(hops, limit)
        values = {
            "tenant": tenant_id,
            "start": start,
            "since": since,
            "labels": _json([label.value for label in labels]),
            "limit": limit,
        }
        with self._using() as db:
            rows = db.execute(WITHIN_1 if hops == 1 else WITHIN_2, values).fetchall()
        return tuple(Reached(node=_node(*row[:4]), hops=row[4]) for row in rows)

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                yield self._db
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & PRIMARY not in PASSING:
                raise
            raise Retry(
                f"The graph's file cannot be used now ({error}): free the disk or end what locks it."
            ) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """All or nothing."""
        with self._using() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            finally:
                if db.in_transaction:  # SQLite itself rolls back after some failures
                    db.execute("ROLLBACK")


def _json(texts: Sequence[str]) -> str:
    return canonical(texts).decode()


def _written(node: Node) -> bytes:
    return canonical({name: value for name, value in node.props.items() if value is not None})


def _node(identity: str, label: str, ts: int, props: bytes) -> Node:
    return Node(id=identity, label=Label(label), ts=ts, props=_props.decode(props))
