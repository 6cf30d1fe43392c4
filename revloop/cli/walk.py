"""Walks the loop from record to proof as a person would, and notes what each hop did."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import httpx
import msgspec

from revloop.cli.api import Api
from revloop.cli.data import poll_tenant
from revloop.cli.home import SERVICES, Home
from revloop.cli.processes import wait_until
from revloop.cli.show import object_of, rows_of
from revloop.cli.stack import STANDIN_SECRET, STANDIN_USER, Stack
from revloop.contracts.failures import RevloopError
from revloop.contracts.keys import tenant_key
from revloop.integrations.salesforce.client import SalesforceClient
from revloop.proof.errors import ProofError
from revloop.proof.verify import verify_log

QUIET_WITHIN_S = 120.0
QUIET_LOOKS = 4
DONE_WITHIN_S = 60.0
LOOK_EVERY_S = 0.2
RECORDS = {
    "raw.snapshot.v1": "records on their accounts' streams",
    "signals.signal_change.v1": "signal changes",
    "states.account_state.v1": "account states",
    "decisions.decision.v1": "decisions",
    "orchestration.approval.v1": "approval requests",
}


class Missing(RevloopError):
    """A hop of the loop did not happen."""


class Hop(msgspec.Struct, frozen=True):
    """One hop of the walk; ``seconds`` after the walk began its evidence was there, or it was given up."""

    name: str
    count: int
    seconds: float
    seen: str
    missing: bool = False


class Watch:
    """Looks at the read model while the loop runs, and notes when each kind of event was first there."""

    def __init__(self, counts: Callable[[], Mapping[str, object]], began: float) -> None:
        self._counts = counts
        self._began = began
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
        self.first: dict[str, float] = {}
        """Seconds after the walk began, by kind of event."""

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(LOOK_EVERY_S):
            try:
                counts = self._counts()
            except RevloopError:
                continue  # the console is away for a moment, or for good: the walk will say so
            for kind in counts:
                self.first.setdefault(kind, time.monotonic() - self._began)


def wait_quiet(home: Home, api: Api) -> None:
    """Wait until no service has anything left to read and the read model stands still."""
    looks: list[object] = []

    def quiet() -> bool:
        lag = sum(_lag(home, service) for service in SERVICES)
        looks.append((lag, api.get("/v1/counts")))
        return lag == 0 and len(looks) >= QUIET_LOOKS and all(look == looks[-1] for look in looks[-QUIET_LOOKS:])

    wait_until(quiet, "the loop coming to rest", QUIET_WITHIN_S)


def _lag(home: Home, service: str) -> int:
    return int(httpx.get(f"{home.url(service)}/status", timeout=5).json()["lag"])


class Walk:
    """Goes hop by hop; ``hops`` fills while walking, and a hop that is missing is its last."""

    def __init__(
        self, stack: Stack, tenant: str, person: str, hops: list[Hop], *, patience_s: float = DONE_WITHIN_S
    ) -> None:
        self._stack = stack
        self._tenant = tenant
        self._person = person
        self._hops = hops
        self._patience_s = patience_s
        self._began = time.monotonic()

    def up(self, start: Callable[[], None]) -> None:
        """Start everything. Raises Missing, as every step does."""
        with self._hop("start"):
            start()
            self._note("start", len(SERVICES) + 2, "Kafka, the stand-in and every service are ready")

    def loop(self, feed: Callable[[], int]) -> None:
        """Feed the tenant's log, then from its records to the proof."""
        self._api = Api(self._stack.home, self._tenant, self._person)
        with Watch(self._events, self._began) as watch:
            with self._hop("feed"):
                self._note("feed", feed(), "deliveries and ticks acknowledged by Kafka")
            with self._hop("rest"):
                wait_quiet(self._stack.home, self._api)
                counts = self._events()
        self._records(watch, counts)
        with self._hop("law 4"):
            law_4 = rows_of(self._api.get("/v1/accounts-of-law-4"))
            self._note("law 4", len(law_4), "; ".join(_adds_up(row) for row in law_4))
        with self._hop("ranked actions"):
            action = self._choose()
        self._approve(action)
        with self._hop("echo"):
            self._echo()
        self._undo(action)
        with self._hop("ledger"):
            self._prove()

    @contextmanager
    def _hop(self, name: str) -> Iterator[None]:
        """What goes wrong within a hop is a row that says so, and ends the walk."""
        try:
            yield
        except (RevloopError, ProofError, TimeoutError, httpx.TransportError) as error:
            self._hops.append(Hop(name, 0, self._now(), f"missing: {error}", missing=True))
            raise Missing(f"{name}: {error}") from error

    def _now(self) -> float:
        return time.monotonic() - self._began

    def _events(self) -> Mapping[str, object]:
        return object_of(object_of(self._api.get("/v1/counts"))["events"])

    def _records(self, watch: Watch, counts: Mapping[str, object]) -> None:
        """A row for each kind of record; those that never came are said, all of them, before the walk ends."""
        for kind, what in RECORDS.items():
            count = int(str(counts.get(kind, 0)))
            seconds = watch.first.get(kind, self._now())
            self._hops.append(Hop(kind, count, seconds, what if count else f"missing: no {what}", missing=not count))
        if absent := [what for kind, what in RECORDS.items() if not counts.get(kind)]:
            raise Missing(f"no {', no '.join(absent)}")

    def _choose(self) -> Mapping[str, object]:
        top = rows_of(self._api.get("/v1/top", limit=200))
        for row in top:
            action = object_of(object_of(self._api.get(f"/v1/actions/{row['action_id']}"))["action"])
            if object_of(action["proposal"])["action_kind"] == "crm.update_field":
                self._note("ranked actions", len(top), f"chosen: {row['title']}")
                return action
        raise Missing("no action that would change a record of the CRM")

    def _approve(self, action: Mapping[str, object]) -> None:
        with self._hop("approve"):
            binding = str(action["binding_hash"])
            answer = self._order("approve", str(action["request_id"]), action, binding)
            self._note("approve", 1, f"{answer['code']}, now {answer['state']}")
        with self._hop("execute"):
            self._await(action, "SUCCEEDED")
            self._note("execute", 1, "the executor reports SUCCEEDED")
        with self._hop("read back"):
            self._read_back(action, "after")

    def _undo(self, action: Mapping[str, object]) -> None:
        with self._hop("undo"):
            self._order("undo", str(action["action_id"]), action)
            self._await(action, "UNDONE")
            self._note("undo", 1, "the executor reports UNDONE")
        with self._hop("read back"):
            self._read_back(action, "before")

    def _order(self, kind: str, subject: str, action: Mapping[str, object], binding: str = "") -> Mapping[str, object]:
        answer = self._api.order(kind, subject, str(action["account_id"]), binding_hash=binding, note="demo")
        if not answer.get("accepted"):
            raise Missing(f"it was not accepted: {answer}")
        return answer

    def _await(self, action: Mapping[str, object], state: str) -> None:
        def reached() -> bool:
            found = object_of(object_of(self._api.get(f"/v1/actions/{action['action_id']}"))["action"])
            if found["state"] in ("FAILED", "CANCELLED", "UNDO_REFUSED"):
                raise Missing(f"the action ended as {found['state']}: {found['reason']}")
            return found["state"] == state

        wait_until(reached, f"the action reaching {state}", self._patience_s)

    def _read_back(self, action: Mapping[str, object], side: str) -> None:
        proposal = object_of(action["proposal"])
        target = object_of(proposal["target"])
        names = {"next_step": "NextStep", "close_date": "CloseDate", "stage": "StageName"}
        changes = {names[str(change["field"])]: change[side] for change in rows_of(proposal["changes"])}
        base = f"http://127.0.0.1:{self._stack.home.standin_port}"
        with SalesforceClient(base, STANDIN_USER, STANDIN_SECRET) as client:
            record = client.get(str(target["object"]), str(target["object_id"]), list(changes))
        if any(record.fields.get(name) != value for name, value in changes.items()):
            raise Missing(f"the CRM holds {dict(record.fields)}, not {changes}")
        self._note("read back", len(changes), f"the CRM holds {changes}")

    def _echo(self) -> None:
        before = self._decisions()
        deliveries = poll_tenant(self._stack.home, self._tenant, "salesforce")
        wait_quiet(self._stack.home, self._api)
        if (after := self._decisions()) != before:
            raise Missing(f"our own write came back and led to {after - before} new decisions")
        self._note("echo", deliveries, "the CRM's own report of our write led to no decision")

    def _decisions(self) -> int:
        return int(str(self._events()["decisions.decision.v1"]))

    def _prove(self) -> None:
        wait_quiet(self._stack.home, self._api)
        folder = self._stack.home.directory / "ledger" / tenant_key(self._tenant)
        report = verify_log(folder, (folder / "vkey").read_text())
        if not report.ok:
            raise Missing(f"the ledger is damaged: {report.faults}")
        self._note("ledger", report.size, f"verified, root {report.root.hex()[:16]}…")

    def _note(self, name: str, count: int, seen: str) -> None:
        self._hops.append(Hop(name, count, self._now(), seen))


def _adds_up(row: Mapping[str, object]) -> str:
    if not row["adds_up"]:
        raise Missing(f"law 4 does not add up: {row}")
    parts = " + ".join(str(row[name]) for name in ("records", "item_duplicates", "item_parked", "item_dead"))
    return f"{row['connector']}: {row['deliveries']} deliveries, {row['items']} items = {parts}"
