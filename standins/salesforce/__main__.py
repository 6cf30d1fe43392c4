"""Command line in, a serving process out: ``python -m standins.salesforce --port N --data FILE --state DIR``."""

import argparse
import json
import os
import socket
import sys
from pathlib import Path

import uvicorn

from standins.salesforce.access import Access, Application
from standins.salesforce.app import App, Controls, tracked_protocol
from standins.salesforce.clock import Clock, FileClock, WallClock, parse_datetime
from standins.salesforce.faults import Faults
from standins.salesforce.org import Org
from standins.salesforce.rest import Manners, Rest
from standins.salesforce.seed import INTEGRATION_USER, BadDelivery, open_objects
from standins.salesforce.store import StateInUse, Store

DEMO_CLIENT_ID = "revloop-demo"
DEMO_CLIENT_SECRET = "revloop-demo-secret"
"""Public: it opens nothing but a stand-in on loopback."""
SECRET_VARIABLE = "STANDIN_SALESFORCE_SECRET"


def main(arguments: list[str] | None = None) -> int:
    """Serves until it is told to stop; 2 where the arguments, the data or the state cannot be used."""
    options = _options(arguments)
    try:
        store = Store(options.state)
        app, access = _app(options, store)
    except (BadDelivery, StateInUse, OSError) as error:
        print(f"standins.salesforce: {error}", file=sys.stderr)
        return 2
    listener = _listener(options.host, options.port)
    access.base_url = f"http://{options.host}:{listener.getsockname()[1]}"
    print(json.dumps({"base_url": access.base_url, "pid": os.getpid()}), flush=True)
    uvicorn.Server(_config(app)).run(sockets=[listener])
    store.close()
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m standins.salesforce", description="A stand-in for the Salesforce REST API."
    )
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one and prints it")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: loopback only)")
    parser.add_argument(
        "--data", type=Path, action="append", default=[], help="delivery log to fill an empty state from"
    )
    parser.add_argument("--state", type=Path, required=True, help="directory that holds the records and the effect log")
    parser.add_argument(
        "--now", type=_moment, help="fixed clock that begins here (ISO 8601) and moves 1 s with every write"
    )
    parser.add_argument("--etags", choices=("account", "all"), default="account", help="objects that have ETags")
    parser.add_argument("--page-records", type=_positive, default=200, help="records on a query page")
    parser.add_argument("--daily-limit", type=_positive, default=15_000, help="requests allowed until the next start")
    parser.add_argument("--token-seconds", type=float, default=7_200.0, help="how long a token lasts")
    parser.add_argument(
        "--client-id", default=DEMO_CLIENT_ID, help=f"the app's id; its secret comes from {SECRET_VARIABLE}"
    )
    return parser.parse_args(arguments)


def _moment(text: str) -> int:
    try:
        return parse_datetime(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; write 2018-03-01T00:00:00Z") from error


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def _app(options: argparse.Namespace, store: Store) -> tuple[App, Access]:
    clock: Clock = WallClock() if options.now is None else FileClock(options.now)
    org = Org(store, open_objects(store, options.data), clock)
    application = Application(
        client_id=options.client_id,
        client_secret=os.environ.get(SECRET_VARIABLE, DEMO_CLIENT_SECRET),
        user=INTEGRATION_USER,
    )
    access = Access(application, "", options.token_seconds, options.daily_limit)
    manners = Manners(
        etag_objects=frozenset() if options.etags == "all" else frozenset({"Account"}),
        page_records=options.page_records,
    )
    faults = Faults()
    controls = Controls(org, faults, access)
    return App(rest=Rest(org, manners), controls=controls, org=org, access=access, faults=faults), access


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


def _config(app: App) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=tracked_protocol(app.connections),
        loop="asyncio",
        lifespan="off",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    sys.exit(main())
