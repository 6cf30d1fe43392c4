"""The demo's own walk, from the first record to the proof: every hop happens, or a row says which is missing."""

from pathlib import Path

import pytest

from revloop.cli.data import feed_tenant
from revloop.cli.machine import start
from revloop.cli.stack import STANDIN, Stack
from revloop.cli.walk import Hop, Missing, Walk
from revloop.tenants import Registry
from tests.loops import CACHE, NYC, PROFILES, free_home

TENANT = "nyc"


def test_the_loop_closes(tmp_path: Path) -> None:
    stack = Stack(free_home(tmp_path), cache=CACHE)
    hops: list[Hop] = []
    try:
        walk = Walk(stack, TENANT, "seller", hops)
        walk.up(lambda: start(stack, PROFILES, [NYC]))
        walk.loop(lambda: feed_tenant(stack.home, Registry.load(PROFILES), [NYC], TENANT, None, None))
        stack.processes.kill(STANDIN)
        without_crm = hops_without_crm(stack)
    finally:
        stack.down(lambda _: None)
    assert [hop.name for hop in hops][-7:] == ["approve", "execute", "read back", "echo", "undo", "read back", "ledger"]
    assert all(hop.count > 0 and not hop.missing for hop in hops)
    at = {hop.name: hop.seconds for hop in hops}
    assert at["raw.snapshot.v1"] <= at["decisions.decision.v1"] < at["law 4"]
    assert at["raw.snapshot.v1"] < at["law 4"] - 1  # seen on the way, not when everything had come to rest
    assert [(hop.name, hop.missing) for hop in without_crm][-2:] == [("approve", False), ("execute", True)]
    assert "missing: the action reaching SUCCEEDED" in without_crm[-1].seen


def hops_without_crm(stack: Stack) -> list[Hop]:
    """Another walk over the same loop, whose CRM is gone by now: it ends at the first hop that needs one."""
    hops: list[Hop] = []
    with pytest.raises(Missing, match="execute"):
        Walk(stack, TENANT, "seller", hops, patience_s=3).loop(lambda: 1)
    return hops
