"""Changes of records and signals come in by batches; the nodes and edges they lead to go to the graph."""

from collections.abc import Mapping, Sequence

import msgspec

from revloop.contracts.generated.events import EntityChange, EntityChangeKind, EntityRef, Scalar, SignalChange
from revloop.stage import Emit
from revloop.stores.graph import ONLY_NAMED, Edge, Graph, Label, Node, Relation, node_id
from revloop.streams import Received
from services.world_model.core.memory import is_echo

LABELS: Mapping[str, Label] = {
    "opportunity": Label.OPPORTUNITY,
    "support_case": Label.CASE,
    "contact": Label.CONTACT,
    "contract": Label.CONTRACT,
    "product": Label.PRODUCT,
    "meeting": Label.MEETING,
    "interaction": Label.INTERACTION,
    "action": Label.ACTION,
}
OWN = "revloop"
"""Connector under which our own effects come back."""

EdgeName = tuple[str, Relation, str]


class Changes(msgspec.Struct):
    """What one batch does to one tenant's graph; of each node and edge only the last word counts."""

    nodes: dict[str, Node] = msgspec.field(default_factory=dict)
    edges: dict[EdgeName, Edge | None] = msgspec.field(default_factory=dict)
    """None: the edge ends."""

    def node(self, node: Node) -> str:
        """Keep ``node`` unless something newer is kept; gives its id."""
        known = self.nodes.get(node.id)
        if known is None or node.ts >= known.ts:
            self.nodes[node.id] = node
        return node.id

    def edge(self, src: str, rel: Relation, dst: str, ts: int) -> None:
        """Keep an edge."""
        self.edges[src, rel, dst] = Edge(src=src, rel=rel, dst=dst, ts=ts)

    def no_edge(self, src: str, rel: Relation, dst: str) -> None:
        """End an edge."""
        self.edges[src, rel, dst] = None


class GraphFeed:
    """Stands beside the stream: whatever happens here, account states go on."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def handle(self, batch: Sequence[Received]) -> Sequence[Emit]:
        """Write one batch; the graph has nothing to tell the spine."""
        tenants: dict[str, Changes] = {}
        for received in batch:
            event = received.event
            if isinstance(event, EntityChange):
                _record(tenants.setdefault(event.tenant_id, Changes()), event)
            elif isinstance(event, SignalChange):
                _signal(tenants.setdefault(event.tenant_id, Changes()), event)
        for tenant_id, changes in tenants.items():
            self._write(tenant_id, changes)
        return ()

    def _write(self, tenant_id: str, changes: Changes) -> None:
        self._graph.upsert_nodes(tenant_id, changes.nodes.values())
        self._graph.upsert_edges(tenant_id, [edge for edge in changes.edges.values() if edge is not None])
        for (src, rel, dst), edge in changes.edges.items():
            if edge is None:
                self._graph.delete_edge(tenant_id, src, rel, dst)


def entity_node_id(tenant_id: str, entity: EntityRef) -> str:
    """Node of a vendor's record."""
    label = LABELS.get(entity.entity_type, Label.RECORD)
    return node_id(tenant_id, label, entity.connector, entity.entity_type, entity.entity_id)


def account_node_id(tenant_id: str, account_id: str) -> str:
    """Node of an account."""
    return node_id(tenant_id, Label.ACCOUNT, account_id)


def _record(changes: Changes, event: EntityChange) -> None:
    record = _named(changes, event.tenant_id, event.entity)
    account = _account(changes, event)
    if event.change is EntityChangeKind.left:
        changes.no_edge(record, Relation.BELONGS_TO, account)
        return
    fields = {f"field_{name}": value for name, value in event.fields.items()}
    known = {**_about(event.entity), "snapshot_id": event.snapshot_id, "version": event.version, **fields}
    changes.node(Node(id=record, label=_label(event.entity), ts=event.observed_at, props=known))
    changes.edge(record, Relation.BELONGS_TO, account, event.observed_at)


def _signal(changes: Changes, event: SignalChange) -> None:
    at = event.observed_at
    signal = changes.node(
        Node(
            id=node_id(event.tenant_id, Label.SIGNAL, event.signal_id),
            label=Label.SIGNAL,
            ts=at,
            props={
                "signal_type": event.signal_type,
                "status": event.status.value,
                "severity": event.severity.value,
                "value": event.value,
                "confidence": event.confidence,
                "valid_until": event.valid_until,
                "window_key": event.window_key,
                "detector": event.detector,
                "entity_key": event.entity.entity_key,
                "caused_by": event.caused_by,
            },
        )
    )
    changes.edge(_account(changes, event), Relation.HAS_SIGNAL, signal, at)
    changes.edge(_named(changes, event.tenant_id, event.entity), Relation.HAS_SIGNAL, signal, at)
    if is_echo(event):
        action = EntityRef(connector=OWN, entity_type="action", entity_id=event.caused_by, entity_key=event.caused_by)
        changes.edge(_named(changes, event.tenant_id, action), Relation.PRODUCED, signal, at)


def _account(changes: Changes, event: EntityChange | SignalChange) -> str:
    known: dict[str, Scalar] = {"account_id": event.account_id}
    identity = account_node_id(event.tenant_id, event.account_id)
    return changes.node(Node(id=identity, label=Label.ACCOUNT, ts=event.observed_at, props=known))


def _named(changes: Changes, tenant_id: str, entity: EntityRef) -> str:
    """The record, if nothing more is known of it: its topic may keep a signal longer than the record's own change."""
    identity = entity_node_id(tenant_id, entity)
    return changes.node(Node(id=identity, label=_label(entity), ts=ONLY_NAMED, props=_about(entity)))


def _about(entity: EntityRef) -> dict[str, Scalar]:
    return {
        "connector": entity.connector,
        "entity_type": entity.entity_type,
        "entity_id": entity.entity_id,
        "entity_key": entity.entity_key,
    }


def _label(entity: EntityRef) -> Label:
    return LABELS.get(entity.entity_type, Label.RECORD)
