"""What every situation graph does, whichever store is behind it; and what feeds it."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revloop.contracts.failures import Retry
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import EntityChangeKind, Envelope, Scalar, SignalChangeKind
from revloop.stores.graph import (
    DanglingEdge,
    Edge,
    ForeignNode,
    Graph,
    Label,
    Node,
    Relation,
    node_id,
)
from revloop.stores.graph_sqlite import SqliteGraph
from revloop.streams import Received
from services.world_model.graph_feed import GraphFeed, account_node_id, entity_node_id
from tests.unit.world_model.events import entity, record
from tests.unit.world_model.events import signal as signal_change

Make = Callable[[], Graph]
ADAPTERS = {"sqlite": SqliteGraph}
A, B = node_id("t", Label.ACCOUNT, "a"), node_id("t", Label.ACCOUNT, "b")


@pytest.fixture(params=ADAPTERS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Opens the same graph each time."""
    made = []

    def make() -> Graph:
        made.append(ADAPTERS[request.param](tmp_path / "graph" / "graph.sqlite"))
        return made[-1]

    yield make
    for graph in made:
        graph.close()


@pytest.fixture
def graph(opened: Make) -> Graph:
    return opened()


def node(name: str, ts: int = 1, label: Label = Label.SIGNAL, tenant: str = "t", **props: Scalar) -> Node:
    return Node(id=node_id(tenant, label, name), label=label, ts=ts, props=props)


def account(name: str = "a", tenant: str = "t") -> Node:
    return node(name, label=Label.ACCOUNT, tenant=tenant)


def has(src: Node, dst: Node, ts: int = 1) -> Edge:
    return Edge(src=src.id, rel=Relation.HAS_SIGNAL, dst=dst.id, ts=ts)


def linked(graph: Graph, *nodes: Node) -> None:
    """``nodes`` around account a."""
    graph.upsert_nodes("t", [account(), *nodes])
    graph.upsert_edges("t", [has(account(), one) for one in nodes])


# --- nodes


def test_a_node_is_found_as_it_was_written_by_whoever_opens_the_graph(opened: Make) -> None:
    written = node("s", 5, text="a|b#c", whole=7, part=0.5, yes=True)
    opened().upsert_nodes("t", [written])
    found = opened().get_node("t", written.id)
    assert found == written
    kinds = {name: type(value) for name, value in found.props.items()}
    assert kinds == {"text": str, "whole": int, "part": float, "yes": bool}
    assert opened().get_node("t", B) is None


def test_the_newer_node_stands_as_a_whole_and_the_older_changes_nothing(graph: Graph) -> None:
    graph.upsert_nodes("t", [node("s", 5, one=1, two=2)])
    graph.upsert_nodes("t", [node("s", 6, one=3, none=None)])
    graph.upsert_nodes("t", [node("s", 4, one=9)])
    found = graph.get_node("t", node("s").id)
    assert found is not None
    assert (found.ts, dict(found.props)) == (6, {"one": 3})


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(5)), repeats=st.lists(st.integers(0, 4), max_size=3))
def test_no_order_and_no_repeat_of_writes_changes_the_graph(opened: Make, order: list[int], repeats: list[int]) -> None:
    graph = opened()
    graph.purge_tenant("t")
    graph.upsert_nodes("t", [account()])
    for number in [*order, *repeats]:
        graph.upsert_nodes("t", [node("s", number, value=number), node(f"s{number}", number)])
        graph.upsert_edges("t", [has(account(), node("s"), number), has(account(), node(f"s{number}"), number)])
    view = graph.neighbourhood("t", A)
    assert [(one.node.ts, dict(one.node.props)) for one in view.reached if one.node.id == node("s").id] == [
        (4, {"value": 4})
    ]
    assert [one.node.id for one in view.reached] == [node(name).id for name in ("s", "s4", "s3", "s2", "s1", "s0")]
    assert sorted(edge.ts for edge in view.edges) == [0, 1, 2, 3, 4, 4]


# --- edges


def test_an_edge_without_an_end_is_refused_and_nothing_of_its_call_is_written(graph: Graph) -> None:
    graph.upsert_nodes("t", [account(), node("s")])
    with pytest.raises(DanglingEdge, match="nowhere"):
        graph.upsert_edges("t", [has(account(), node("s")), has(account(), node("nowhere"))])
    assert graph.neighbourhood("t", A).reached == ()


def test_an_edge_is_deleted_alone(graph: Graph) -> None:
    linked(graph, node("s"), node("u"))
    graph.delete_edge("t", A, Relation.HAS_SIGNAL, node("s").id)
    graph.delete_edge("t", A, Relation.HAS_SIGNAL, node("s").id)
    assert [one.node.id for one in graph.neighbourhood("t", A).reached] == [node("u").id]
    assert graph.get_node("t", node("s").id) is not None


def test_a_node_is_deleted_with_its_edges(graph: Graph) -> None:
    linked(graph, node("s"), node("u"))
    graph.delete_node("t", node("s").id)
    view = graph.neighbourhood("t", A)
    assert [one.node.id for one in view.reached] == [node("u").id]
    assert [edge.dst for edge in view.edges] == [node("u").id]


# --- views


def test_neighbours_are_found_in_both_directions_at_their_least_distance(graph: Graph) -> None:
    deal, risk, far = node("d", label=Label.OPPORTUNITY), node("s"), node("x", label=Label.CONTACT)
    graph.upsert_nodes("t", [account(), deal, risk, far])
    graph.upsert_edges(
        "t",
        [
            Edge(src=deal.id, rel=Relation.BELONGS_TO, dst=A, ts=1),
            has(account(), risk),
            has(deal, risk),
            Edge(src=far.id, rel=Relation.BELONGS_TO, dst=deal.id, ts=1),
        ],
    )
    near, wide = graph.neighbourhood("t", A), graph.neighbourhood("t", A, hops=2)
    assert {(one.node.id, one.hops) for one in near.reached} == {(deal.id, 1), (risk.id, 1)}
    assert {(one.node.id, one.hops) for one in wide.reached} == {(deal.id, 1), (risk.id, 1), (far.id, 2)}
    assert {(edge.src, edge.dst) for edge in near.edges} == {(deal.id, A), (A, risk.id), (deal.id, risk.id)}
    assert [one.node.id for one in graph.neighbourhood("t", A, hops=2, labels=[Label.CONTACT]).reached] == [far.id]


def test_what_is_further_than_asked_is_not_shown(graph: Graph) -> None:
    chain = [account(), *(node(f"s{n}") for n in range(3))]
    graph.upsert_nodes("t", chain)
    graph.upsert_edges("t", [has(one, other) for one, other in pairwise(chain)])
    assert [one.hops for one in graph.neighbourhood("t", A, hops=2).reached] == [1, 2]


def test_a_view_shows_the_nearest_and_newest_and_no_more_than_its_limit(graph: Graph) -> None:
    linked(graph, *(node(f"s{n:03}", ts=n) for n in range(150)))
    assert [one.node.ts for one in graph.neighbourhood("t", A, limit=3).reached] == [149, 148, 147]
    assert len(graph.neighbourhood("t", A, hops=2).reached) == 100


def test_recent_shows_one_label_since_a_moment_newest_first(graph: Graph) -> None:
    linked(graph, *(node(f"s{n}", ts=n) for n in range(1, 6)), node("d", ts=9, label=Label.OPPORTUNITY))
    assert [one.ts for one in graph.recent("t", A, Label.SIGNAL, since=2, limit=3)] == [5, 4, 3]
    assert [one.ts for one in graph.recent("t", A, Label.SIGNAL, since=4)] == [5, 4]
    assert graph.recent("t", B, Label.SIGNAL) == ()


@pytest.mark.parametrize(("hops", "limit"), [(0, 10), (3, 10), (1, 0), (2, 101)])
def test_a_view_without_bounds_is_refused(graph: Graph, hops: int, limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 2 hops"):
        graph.neighbourhood("t", A, hops=hops, limit=limit)


# --- tenants


def test_tenants_do_not_meet(graph: Graph) -> None:
    linked(graph, node("s"))
    mine, other = account(), account(tenant="u")
    graph.upsert_nodes("u", [other])
    for attempt in (
        lambda: graph.upsert_nodes("u", [mine]),
        lambda: graph.upsert_edges("u", [Edge(src=other.id, rel=Relation.BELONGS_TO, dst=A, ts=1)]),
        lambda: graph.get_node("u", A),
        lambda: graph.neighbourhood("u", A),
        lambda: graph.recent("u", A, Label.SIGNAL),
        lambda: graph.delete_node("u", A),
        lambda: graph.delete_edge("u", A, Relation.HAS_SIGNAL, node("s").id),
    ):
        with pytest.raises(ForeignNode):
            attempt()
    graph.purge_tenant("u")
    assert len(graph.neighbourhood("t", A).reached) == 1


def test_a_tenant_whose_name_begins_another_is_another(graph: Graph) -> None:
    graph.upsert_nodes("t#Account", [account(tenant="t#Account")])
    with pytest.raises(ForeignNode):
        graph.get_node("t", account(tenant="t#Account").id)


def test_no_key_can_pretend_to_be_two() -> None:
    ids = {node_id("t", Label.RECORD, *key) for key in (("a", "b"), ("a#b",), ("a%23b",), ("a", "b", ""), ("a/b",))}
    assert len(ids) == 5


def test_purging_leaves_nothing_of_the_tenant(graph: Graph) -> None:
    linked(graph, node("s"))
    graph.purge_tenant("t")
    assert graph.get_node("t", A) is None
    graph.upsert_nodes("t", [account()])
    assert graph.neighbourhood("t", A).reached == ()


# --- the file


def test_a_locked_file_asks_to_try_again(tmp_path: Path) -> None:
    graph = SqliteGraph(tmp_path / "g.sqlite", wait_s=0.01)
    with closing(sqlite3.connect(tmp_path / "g.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Retry, match="locked"):
            graph.upsert_nodes("t", [account()])
        other.execute("ROLLBACK")
    graph.upsert_nodes("t", [account()])
    assert graph.get_node("t", A) == account()
    graph.close()


WRITER = """
import sys
from pathlib import Path
from revloop.stores.graph import Label, Node, node_id
from revloop.stores.graph_sqlite import SqliteGraph
graph = SqliteGraph(Path(sys.argv[1]))
for batch in range(100_000):
    ids = [node_id("t", Label.SIGNAL, f"{batch}.{n}") for n in range(20)]
    graph.upsert_nodes("t", [Node(id=one, label=Label.SIGNAL, ts=batch) for one in ids])
    print(batch, flush=True)
"""


def test_a_killed_writer_leaves_every_batch_it_told_of_and_no_half_one(tmp_path: Path) -> None:
    path = tmp_path / "g.sqlite"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        told = [int(writer.stdout.readline()) for _ in range(30)][-1]
        writer.send_signal(signal.SIGKILL)
    graph = SqliteGraph(path)

    def held(batch: int) -> int:
        ids = [node_id("t", Label.SIGNAL, f"{batch}.{n}") for n in range(20)]
        return sum(graph.get_node("t", one) is not None for one in ids)

    assert all(held(batch) == 20 for batch in range(told + 1))
    assert all(held(batch) in (0, 20) for batch in range(told + 1, told + 500))
    graph.close()


# --- what feeds it


def fed(graph: Graph, *events: Envelope) -> None:
    batch = [Received(topics.SIGNALS, 0, offset, event) for offset, event in enumerate(events)]
    assert GraphFeed(graph).handle(batch) == ()


ACCOUNT, DEAL = account_node_id("t", "a"), entity_node_id("t", entity())


def test_a_signal_is_found_from_its_account_and_its_record(graph: Graph) -> None:
    fed(graph, record(1, fields={"stage": "Design", "amount": None}), signal_change(2, signal_id="sig_x"))
    (found,) = graph.recent("t", ACCOUNT, Label.SIGNAL)
    assert (found.props["signal_type"], found.props["status"], found.ts) == ("CLOSE_DATE_SLIPPED", "ACTIVE", 2)
    assert graph.recent("t", DEAL, Label.SIGNAL) == (found,)
    deal = graph.get_node("t", DEAL)
    assert deal is not None
    assert (deal.label, deal.props["field_stage"], deal.props["version"]) == (Label.OPPORTUNITY, "Design", 1)
    assert "field_amount" not in deal.props


def test_a_signal_that_ends_says_so_and_stays(graph: Graph) -> None:
    fed(graph, signal_change(2, signal_id="sig_x"), signal_change(3, SignalChangeKind.expired, signal_id="sig_x"))
    (found,) = graph.recent("t", ACCOUNT, Label.SIGNAL)
    assert (found.props["status"], found.ts) == ("EXPIRED", 3)


def test_a_signal_of_a_record_that_nobody_told_of_has_its_record_by_name(graph: Graph) -> None:
    fed(graph, signal_change(2))
    named = graph.get_node("t", DEAL)
    assert named is not None
    assert (named.ts, named.props["entity_key"]) == (0, "A")
    fed(graph, record(1, fields={"stage": "Design"}))
    known = graph.get_node("t", DEAL)
    assert known is not None
    assert known.props["field_stage"] == "Design"


def test_a_record_that_moves_belongs_to_its_new_account(graph: Graph) -> None:
    left = record(2, kind=EntityChangeKind.left)
    joined = msgspec.structs.replace(record(3, kind=EntityChangeKind.joined, fields={"stage": "x"}), account_id="b")
    fed(graph, record(1), left, joined)
    other = account_node_id("t", "b")
    assert [one.node.id for one in graph.neighbourhood("t", DEAL).reached] == [other]
    fed(graph, joined, left)  # the two accounts' streams have no order between them
    assert [one.node.id for one in graph.neighbourhood("t", DEAL).reached] == [other]


def test_an_echo_names_the_action_that_produced_it(graph: Graph) -> None:
    fed(graph, signal_change(2, cause="act_7"))
    view = graph.neighbourhood("t", ACCOUNT, hops=2, labels=[Label.ACTION])
    assert [one.node.props["entity_id"] for one in view.reached] == ["act_7"]


def test_a_batch_that_comes_again_changes_nothing(graph: Graph) -> None:
    batch = (record(1), signal_change(2, signal_id="sig_x"), record(3, kind=EntityChangeKind.left), record(4))
    fed(graph, *batch)
    once = graph.neighbourhood("t", ACCOUNT, hops=2)
    fed(graph, *batch)
    assert graph.neighbourhood("t", ACCOUNT, hops=2) == once
    for event in batch:
        fed(graph, event)
    assert graph.neighbourhood("t", ACCOUNT, hops=2) == once
