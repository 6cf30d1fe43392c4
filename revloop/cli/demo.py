"""The demo: a real log through the whole loop, walked by a person (`run`) or by itself (`demo`)."""

import signal
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from typing import Annotated

import typer

from revloop.cli.api import Api
from revloop.cli.data import PROFILES, feed_tenant
from revloop.cli.home import Home
from revloop.cli.machine import say, start
from revloop.cli.show import Failed, out, print_table, rows_of
from revloop.cli.stack import Stack
from revloop.cli.walk import Hop, Missing, Walk, wait_quiet
from revloop.simulate.run import simulate
from revloop.tenants import Registry

app = typer.Typer()
TENANT, PERSON = "nyc", "seller"
EXAMPLE = Path("examples/nyc")
COMPANY, COMPANY_ACCOUNTS, COMPANY_MONTHS = "sim", 12, 6
DEMO_HOME, DEMO_PORTS = Path(".revloop/demo"), 8480


@app.command()
def run() -> None:
    """Start everything, feed a real log and a made-up company, show what to do, and stay up until Ctrl-C."""
    began = time.monotonic()
    stack = Stack(Home.from_environment())
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        company = _company(stack.home)
        start(stack, PROFILES, [EXAMPLE, company])
        _play(stack.home, TENANT, EXAMPLE, began)
        _play(stack.home, COMPANY, company, began)
        _say_what_next(stack.home)
        stop.wait()
    finally:
        stack.down(say)


def _company(home: Home) -> Path:
    """A small made-up software company: seven systems tell of it, where the real log has one."""
    folder = home.directory / "company"
    if not folder.exists():
        say("making up a software company")
        draft = folder.with_suffix(".part")
        simulate(seed=1, accounts=COMPANY_ACCOUNTS, months=COMPANY_MONTHS, out=draft)
        draft.rename(folder)  # what is there is whole, even if somebody loses patience now
    return folder


def _play(home: Home, tenant: str, folder: Path, began: float) -> None:
    """Feed a tenant, unless that was done before, and show what to do."""
    api = Api(home, tenant, PERSON)
    if not rows_of(api.get("/v1/accounts-of-law-4")):
        feed_tenant(home, Registry.load(PROFILES), [folder], tenant, None, None)
    wait_quiet(home, api)
    print_table(
        ["account", "what", "why now", "score", "action"],
        [(r["name"], r["title"], r["why"], r["score"], r["action_id"]) for r in _top(api)],
        title=f"What to do for {tenant}, {time.monotonic() - began:.0f} s after the start",
    )


def _top(api: Api) -> list[Mapping[str, object]]:
    return rows_of(api.get("/v1/top", limit=5))


def _say_what_next(home: Home) -> None:
    rows = _top(Api(home, TENANT, PERSON))
    first = rows[0]["action_id"] if rows else "ACTION"
    out.print("In another terminal (with .venv/bin on the PATH):")
    for command in (
        f"revloop why {first}",
        f"revloop approve {first}",
        f"revloop timeline {first}",
        f"revloop undo {first}",
        "revloop ledger verify",
        f"revloop top --tenant {COMPANY}",
    ):
        out.print(f"  {command}")
    out.print("Ctrl-C stops everything; nothing is lost.")


def print_hops(hops: Sequence[Hop]) -> None:
    """The walk as a table: a time is when the evidence of a hop was first seen, counted from the start."""
    print_table(
        ["", "hop", "count", "there after s", "what was seen"],
        [("✗" if h.missing else "✓", h.name, h.count, f"{h.seconds:.1f}", h.seen) for h in hops],
    )


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the home for a look; it is made anew each time.")] = False,
) -> None:
    """Walk the loop headless in a home of its own; exit code 1 when a hop is missing."""
    home = Home(DEMO_HOME.absolute(), DEMO_PORTS)
    rmtree(home.directory, ignore_errors=True)
    stack = Stack(home, cache=Home.from_environment().directory / "cache")
    hops: list[Hop] = []
    try:
        walk = Walk(stack, TENANT, PERSON, hops)
        walk.up(lambda: start(stack, PROFILES, [EXAMPLE]))
        walk.loop(lambda: feed_tenant(home, Registry.load(PROFILES), [EXAMPLE], TENANT, None, None))
    except Missing as error:
        raise Failed(f"a hop is missing: {error}") from error
    finally:
        print_hops(hops)
        stack.down(say)
        if not keep:
            rmtree(home.directory, ignore_errors=True)
