"""The demo: a real log through the whole loop, walked by a person (`run`) or by itself (`demo`)."""

import signal
import threading
import time
from pathlib import Path
from shutil import rmtree
from typing import Annotated

import typer

from revloop.cli.api import Api, ApiError
from revloop.cli.data import PROFILES, feed_tenant
from revloop.cli.home import Home
from revloop.cli.machine import say, start
from revloop.cli.show import Failed, out, print_table, rows_of
from revloop.cli.stack import Stack
from revloop.cli.walk import Hop, Missing, Walk, wait_quiet
from revloop.tenants import Registry

app = typer.Typer()
TENANT, PERSON = "nyc", "seller"
EXAMPLE = Path("examples/nyc")
DEMO_HOME, DEMO_PORTS = Path(".revloop/demo"), 8480


@app.command()
def run() -> None:
    """Start everything, feed the demo tenant, show what to do, and stay up until Ctrl-C."""
    began = time.monotonic()
    stack = Stack(Home.from_environment())
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        start(stack, PROFILES, EXAMPLE)
        api = Api(stack.home, TENANT, PERSON)
        if not rows_of(api.get("/v1/accounts-of-law-4")):
            feed_tenant(stack.home, Registry.load(PROFILES), [EXAMPLE], TENANT, None, None)
        wait_quiet(stack.home, api)
        _show(api, time.monotonic() - began)
        stop.wait()
    except (Missing, ApiError) as error:
        raise Failed(str(error)) from error
    finally:
        stack.down(say)


def _show(api: Api, seconds: float) -> None:
    rows = rows_of(api.get("/v1/top", limit=5))
    print_table(
        ["account", "what", "why now", "score", "action"],
        [(r["account"], r["title"], r["why"], r["score"], r["action_id"]) for r in rows],
        title=f"What to do, {seconds:.0f} s after the start",
    )
    first = rows[0]["action_id"] if rows else "ACTION"
    out.print("In another terminal (with .venv/bin on the PATH):")
    for command in (
        f"revloop why {first}",
        f"revloop approve {first}",
        f"revloop timeline {first}",
        f"revloop undo {first}",
        "revloop ledger verify",
    ):
        out.print(f"  {command}")
    out.print("Ctrl-C stops everything; nothing is lost.")


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
        walk.up(lambda: start(stack, PROFILES, EXAMPLE))
        walk.feed(lambda: feed_tenant(home, Registry.load(PROFILES), [EXAMPLE], TENANT, None, None))
        walk.loop()
    except (Missing, ApiError, TimeoutError) as error:
        raise Failed(f"a hop is missing: {error}") from error
    finally:
        print_table(
            ["hop", "count", "seconds", "what was seen"], [(h.name, h.count, f"{h.seconds:.1f}", h.seen) for h in hops]
        )
        stack.down(say)
        if not keep:
            rmtree(home.directory, ignore_errors=True)
