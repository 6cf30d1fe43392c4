"""The port of the situation graph: nodes and edges of one tenant go in, bounded views come out; no query language.

Every method names its tenant, and an id of another tenant is refused. Writing is idempotent and the newest wins: what
is older (``ts``) than what stands there changes nothing, so repeats and late arrivals do no harm.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol
from urllib.parse import quote

import msgspec

from revloop.contracts.failures import RevloopError
from revloop.contracts.generated.events import Scalar

MAX_HOPS = 2
MAX_NODES = 100
ONLY_NAMED = 0
"""``ts`` of a node that is only named by another so far: whatever is known of it later replaces it."""


class Label(StrEnum):
    """What a node is."""

    ACCOUNT = "Account"
    CONTACT = "Contact"
    OPPORTUNITY = "Opportunity"
    CONTRACT = "Contract"
    PRODUCT = "Product"
    CASE = "Case"
    MEETING = "Meeting"
    INTERACTION = "Interaction"
    ACTION = "Action"
    SIGNAL = "Signal"
    RECORD = "Record"
    """A vendor's record of a type that has no label of its own."""


class Relation(StrEnum):
    """What an edge says of its source."""

    BELONGS_TO = "BELONGS_TO"
    HAS_SIGNAL = "HAS_SIGNAL"
    PRODUCED = "PRODUCED"


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One thing; a property that is None is the same as one that is not there."""

    id: str
    label: Label
    ts: int
    """When it was so (ms, tenant's clock)."""
    props: Mapping[str, Scalar] = {}


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """One thing's relation to another."""

    src: str
    rel: Relation
    dst: str
    ts: int


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """A node and the least number of edges to it."""

    node: Node
    hops: int


class Neighbourhood(msgspec.Struct, frozen=True, kw_only=True):
    """Nodes around one: nearest first, then newest, then by id; and the edges among them and to the one."""

    reached: tuple[Reached, ...]
    edges: tuple[Edge, ...]


class DanglingEdge(RevloopError):
    """An edge whose end is not in the graph: write the node first. Nothing of the call was written."""


class ForeignNode(RevloopError):
    """An id that belongs to another tenant: nothing was read or written."""


class Graph(Protocol):
    """Neighbours are found along edges of either direction."""

    def upsert_nodes(self, tenant_id: str, nodes: Iterable[Node]) -> None:
        """Write nodes, each as a whole; raises ForeignNode."""
        ...

    def upsert_edges(self, tenant_id: str, edges: Iterable[Edge]) -> None:
        """Write edges; raises DanglingEdge or ForeignNode."""
        ...

    def get_node(self, tenant_id: str, node_id: str) -> Node | None:
        """The node, if there is one."""
        ...

    def neighbourhood(
        self, tenant_id: str, node_id: str, *, hops: int = 1, labels: Sequence[Label] = (), limit: int = MAX_NODES
    ) -> Neighbourhood:
        """Nodes of ``labels`` (all, if none is named) within ``hops`` (1 or 2), at most ``limit`` (100)."""
        ...

    def recent(
        self, tenant_id: str, node_id: str, label: Label, *, since: int = 0, limit: int = 20
    ) -> tuple[Node, ...]:
        """Direct neighbours of one label that were so at ``since`` (ms) or later, newest first, at most ``limit``."""
        ...

    def delete_node(self, tenant_id: str, node_id: str) -> None:
        """Remove a node and its edges."""
        ...

    def delete_edge(self, tenant_id: str, src: str, rel: Relation, dst: str) -> None:
        """Remove an edge."""
        ...

    def purge_tenant(self, tenant_id: str) -> None:
        """Remove everything of a tenant."""
        ...


def node_id(tenant_id: str, label: Label, *key: str) -> str:
    """``tenant#Label#key``, every part percent-encoded: no part can pretend to be two."""
    return "#".join(quote(part, safe="") for part in (tenant_id, label.value, *key))


def must_own(tenant_id: str, *node_ids: str) -> None:
    """Raises ForeignNode for an id that is not the tenant's."""
    prefix = f"{quote(tenant_id, safe='')}#"
    for one in node_ids:
        if not one.startswith(prefix):
            raise ForeignNode(f"{one} is no node of tenant {tenant_id!r}: make ids with node_id()")


def must_be_bounded(hops: int, limit: int) -> None:
    """Raises ValueError for a view that could grow without end."""
    if not 1 <= hops <= MAX_HOPS or not 1 <= limit <= MAX_NODES:
        raise ValueError(f"ask for 1 to {MAX_HOPS} hops and 1 to {MAX_NODES} nodes, not {hops} and {limit}")
