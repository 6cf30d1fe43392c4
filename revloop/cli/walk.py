"""Walks the loop from record to proof as a person would, and notes what each hop did."""

import time
from collections.abc import Callable, Mapping

import httpx
import msgspec

from revloop.cli.api import Api
from revloop.cli.home import SERVICES, Home
from revloop.cli.processes import wait_until
from revloop.cli.show import object_of, rows_of
from revloop.cli.stack import STANDIN_SECRET, STANDIN_USER, Stack
from revloop.contracts.keys import tenant_key
from revloop.integrations.salesforce.client import SalesforceClient
from revloop.proof.verify import verify_log

QUIET_WITHIN_S = 120.0
QUIET_LOOKS = 4
DONE_WITHIN_S = 60.0


class Missing(Exception):
    """A hop of the loop did not happen."""


class Hop(msgspec.Struct, frozen=True):
    """One hop of the walk."""

    name: str
    count: int
    seconds: float
    seen: str


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
    """Each method is a hop or several; ``hops`` fills while walking."""

    def __init__(self, stack: Stack, tenant: str, person: str, hops: list[Hop]) -> None:
        self._stack = stack
        self._tenant = tenant
        self._person = person
        self._hops = hops
        self._began = time.monotonic()

    def up(self, start: Callable[[], None]) -> None:
        """Start everything."""
        start()
        self._note("start", len(SERVICES) + 2, "Kafka, the stand-in and every service are ready")
        self._api = Api(self._stack.home, self._tenant, self._person)

    def feed(self, feed: Callable[[], int]) -> None:
        """Feed the tenant's log."""
        self._note("feed", feed(), "deliveries and ticks acknowledged by Kafka")

    def loop(self) -> None:
        """From records to proof."""
        wait_quiet(self._stack.home, self._api)
        self._records()
        action = self._choose()
        self._approve(action)
        self._echo()
        self._undo(action)
        self._prove()

    def _records(self) -> None:
        counts = object_of(self._api.get("/v1/counts"))
        events = object_of(counts["events"])
        for kind, what in (
            ("raw.snapshot.v1", "records on their accounts' streams"),
            ("signals.signal_change.v1", "signal changes"),
            ("states.account_state.v1", "account states"),
            ("decisions.decision.v1", "decisions"),
            ("orchestration.approval.v1", "approval requests"),
        ):
            count = int(str(events.get(kind, 0)))
            if count == 0:
                raise Missing(f"no {what}")
            self._note(kind, count, what)
        law_4 = rows_of(self._api.get("/v1/accounts-of-law-4"))
        self._note("law 4", len(law_4), "; ".join(_adds_up(row) for row in law_4))

    def _choose(self) -> Mapping[str, object]:
        top = rows_of(self._api.get("/v1/top", limit=200))
        for row in top:
            action = object_of(object_of(self._api.get(f"/v1/actions/{row['action_id']}"))["action"])
            if object_of(action["proposal"])["action_kind"] == "crm.update_field":
                self._note("ranked actions", len(top), f"chosen: {row['title']}")
                return action
        raise Missing("no action that would change a record of the CRM")

    def _approve(self, action: Mapping[str, object]) -> None:
        answer = self._api.order(
            "approve",
            str(action["request_id"]),
            str(action["account_id"]),
            binding_hash=str(action["binding_hash"]),
            note="demo",
        )
        if not answer.get("accepted"):
            raise Missing(f"the approval was not accepted: {answer}")
        self._note("approve", 1, f"{answer['code']}, now {answer['state']}")
        self._await(action, "SUCCEEDED")
        self._note("execute", 1, "the executor reports SUCCEEDED")
        self._read_back(action, "after")

    def _undo(self, action: Mapping[str, object]) -> None:
        answer = self._api.order("undo", str(action["action_id"]), str(action["account_id"]), note="demo")
        if not answer.get("accepted"):
            raise Missing(f"the undo was not accepted: {answer}")
        self._await(action, "UNDONE")
        self._note("undo", 1, "the executor reports UNDONE")
        self._read_back(action, "before")

    def _await(self, action: Mapping[str, object], state: str) -> None:
        def reached() -> bool:
            found = object_of(object_of(self._api.get(f"/v1/actions/{action['action_id']}"))["action"])
            if found["state"] in ("FAILED", "CANCELLED", "UNDO_REFUSED"):
                raise Missing(f"the action ended as {found['state']}: {found['reason']}")
            return found["state"] == state

        wait_until(reached, f"the action reaching {state}", DONE_WITHIN_S)

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
        token = (self._stack.home.directory / "identity" / "feed.token").read_text()
        url = f"{self._stack.home.url('ingest')}/v1/poll/{self._tenant}/salesforce"
        response = httpx.post(url, headers={"authorization": f"Bearer {token}"}, timeout=60)
        if response.is_error:
            raise Missing(f"the poll failed: {response.text}")
        wait_quiet(self._stack.home, self._api)
        if (after := self._decisions()) != before:
            raise Missing(f"our own write came back and led to {after - before} new decisions")
        self._note("echo", int(response.json()["deliveries"]), "the CRM's own report of our write led to no decision")

    def _decisions(self) -> int:
        return int(str(object_of(object_of(self._api.get("/v1/counts"))["events"])["decisions.decision.v1"]))

    def _prove(self) -> None:
        wait_quiet(self._stack.home, self._api)
        folder = self._stack.home.directory / "ledger" / tenant_key(self._tenant)
        report = verify_log(folder, (folder / "vkey").read_text())
        if not report.ok:
            raise Missing(f"the ledger is damaged: {report.faults}")
        self._note("ledger", report.size, f"verified, root {report.root.hex()[:16]}…")

    def _note(self, name: str, count: int, seen: str) -> None:
        now = time.monotonic()
        self._hops.append(Hop(name, count, now - self._began, seen))
        self._began = now


def _adds_up(row: Mapping[str, object]) -> str:
    fates = sum(int(str(row[name])) for name in ("empty", "parsed", "duplicate", "dead"))
    items = sum(int(str(row[name])) for name in ("records", "item_duplicates", "item_parked", "item_dead"))
    if fates != row["deliveries"] or items != row["items"]:
        raise Missing(f"law 4 does not add up: {row}")
    parts = " + ".join(str(row[name]) for name in ("records", "item_duplicates", "item_parked", "item_dead"))
    return f"{row['connector']}: {row['deliveries']} deliveries, {row['items']} items = {parts}"
