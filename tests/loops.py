"""Runs the real stack (broker, stand-in, services) in a home of its own for a test, and takes it down by its pids."""

import json
import os
import socket
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from revloop.cli.api import Api
from revloop.cli.data import batches, feed_tenant
from revloop.cli.home import KAFKA_OFFSET, OFFSETS, SERVICES, STANDIN_OFFSET, Home
from revloop.cli.processes import wait_until
from revloop.cli.stack import Stack
from revloop.cli.walk import wait_quiet
from revloop.replay.deliveries import events
from revloop.tenants import Registry

VENDOR_SET = frozenset({"Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"})
ROOT = Path(__file__).resolve().parents[1]
PROFILES = ROOT / "examples" / "tenants"
NYC = ROOT / "examples" / "nyc"
CACHE = Path(os.environ.get("REVLOOP_CACHE", ROOT / ".revloop" / "cache"))
SHARED = Path(os.environ.get("REVLOOP_SHARED_DATA", ROOT.parent / "shared" / "data"))


def free_home(directory: Path) -> Home:
    """A home whose ports are all free at this moment."""
    for base in range(20_000 + os.getpid() % 500 * 20, 50_000, 20):
        ports = [base + offset for offset in (*OFFSETS.values(), 8, 9, STANDIN_OFFSET, KAFKA_OFFSET, KAFKA_OFFSET + 1)]
        if all(_free(port) for port in ports):
            return Home(directory, base)
    raise OSError("no free range of ports on loopback")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Loop:
    """A running stack as a test sees it."""

    def __init__(self, stack: Stack, tenants: Path) -> None:
        self.stack = stack
        self.home = stack.home
        self.registry = Registry.load(tenants)
        self.tenants = tenants

    def api(self, tenant: str = "nyc", person: str = "seller") -> Api:
        """The console's API as one person."""
        return Api(self.home, tenant, person)

    def feed(self, folder: Path, tenant: str, *, until: str | None = None, limit: int | None = None) -> int:
        """Feed a delivery folder."""
        return feed_tenant(self.home, self.registry, [folder], tenant, until, limit)

    def chunks(self, folder: Path, tenant: str, count: int) -> list[bytes]:
        """A delivery folder and its ticks as ``count`` feed bodies in order."""
        items = list(events([folder], self.registry, tenant, None))
        size = -(-len(items) // count)
        return [b"\n".join(body for body, _ in batches(items[n : n + size])) for n in range(0, len(items), size)]

    def post(self, tenant: str, body: bytes) -> None:
        """Feed one body, and again while ingest is away: a repeat repeats nothing."""
        token = (self.home.directory / "identity" / "feed.token").read_text()
        url = f"{self.home.url('ingest')}/v1/feed/{tenant}"

        def sent() -> bool:
            try:
                return (
                    httpx.post(url, content=body, headers={"authorization": f"Bearer {token}"}, timeout=60).status_code
                    == 200
                )
            except httpx.TransportError:
                return False

        wait_until(sent, "ingest taking the feed", 90)

    def restart(self, service: str) -> None:
        """kill -9 a service and start it again."""
        self.stack.processes.kill(service)
        self.stack.start(service, self.tenants)

    def ready(self) -> None:
        """Wait until every service is ready."""
        for service in SERVICES:
            self.stack.await_ready(service)

    def rest(self, tenant: str = "nyc") -> None:
        """Wait until nothing is left to read."""
        wait_quiet(self.home, self.api(tenant))

    def start_second(self, service: str, port_offset: int = 8) -> str:
        """Another worker of a service; gives the name of its process."""
        name = f"{service}-1"
        port = self.home.port_base + port_offset
        env = {
            **self.home.environment(service),
            "REVLOOP_PORT": str(port),
            "REVLOOP_INSTANCE": "1",
            "REVLOOP_TENANTS_DIR": str(self.tenants),
        }
        self.stack.processes.start(name, [sys.executable, "-m", f"services.{service}"], env, port)
        return name


@contextmanager
def running(directory: Path, *, tenants: Path = PROFILES, standin: Sequence[Path] = (NYC,)) -> Iterator[Loop]:
    """Everything up; everything down at the end, whatever happened."""
    stack = Stack(free_home(directory), cache=CACHE)
    try:
        stack.up(lambda _: None, standin_data=standin, tenants=tenants)
        yield Loop(stack, tenants)
    finally:
        stack.down(lambda _: None)


class Control:
    """What a test orders of the stand-in, and what it did."""

    def __init__(self, loop: Loop) -> None:
        self._base = f"http://127.0.0.1:{loop.home.standin_port}"

    def fault(self, **fault: object) -> None:
        """Let the next fitting requests go wrong."""
        httpx.post(f"{self._base}/__standin__/faults", json=fault, timeout=10).raise_for_status()

    def faults_left(self) -> int:
        """Ordered faults that still wait for their request."""
        return len(httpx.get(f"{self._base}/__standin__/faults", timeout=10).json()["faults"])

    def edit(self, target: Mapping[str, object], **fields: object) -> None:
        """Change a record as another person would."""
        order = {"object": target["object"], "id": target["object_id"], "fields": fields}
        httpx.post(f"{self._base}/__standin__/edit", json=order, timeout=10).raise_for_status()

    def written_ids(self) -> list[str]:
        """Id of the record of every accepted write."""
        return [effect["id"] for effect in httpx.get(f"{self._base}/__standin__/effects", timeout=10).json()["effects"]]

    def effects(self) -> list[tuple[str, str, str]]:
        """Every accepted write: method, object and the fields after it, in order."""
        found = httpx.get(f"{self._base}/__standin__/effects", timeout=10).json()["effects"]
        return [(e["method"], e["object"], json.dumps(_written(e["after"]), sort_keys=True)) for e in found]


def _written(fields: dict[str, object]) -> dict[str, object]:
    """Without what the vendor sets by itself on every write."""
    return {name: value for name, value in fields.items() if name not in VENDOR_SET}


def ledger_entries(loop: Loop) -> list[str]:
    """Ids of all entries in the ledger's index, sorted."""
    path = loop.home.directory / "data" / "ledger" / "0" / "index.sqlite"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return sorted(entry for (entry,) in db.execute("SELECT entry_id FROM entries"))
