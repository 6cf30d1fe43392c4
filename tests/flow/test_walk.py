"""The demo's own walk, from the first record to the proof: every hop happens, polling the CRM and undoing included."""

from pathlib import Path

from revloop.cli.data import feed_tenant
from revloop.cli.machine import start
from revloop.cli.stack import Stack
from revloop.cli.walk import Hop, Walk
from revloop.tenants import Registry
from tests.loops import CACHE, NYC, PROFILES, free_home

TENANT = "nyc"


def test_the_loop_closes(tmp_path: Path) -> None:
    stack = Stack(free_home(tmp_path), cache=CACHE)
    hops: list[Hop] = []
    try:
        walk = Walk(stack, TENANT, "seller", hops)
        walk.up(lambda: start(stack, PROFILES, [NYC]))
        walk.feed(lambda: feed_tenant(stack.home, Registry.load(PROFILES), [NYC], TENANT, None, None))
        walk.loop()
    finally:
        stack.down(lambda _: None)
    assert [hop.name for hop in hops][-7:] == ["approve", "execute", "read back", "echo", "undo", "read back", "ledger"]
    assert all(hop.count > 0 for hop in hops)
