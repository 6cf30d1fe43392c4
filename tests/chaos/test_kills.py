"""kill -9 of each service at work, and of the executor inside an effect: the ledger and the effects stay the same."""

import signal
from pathlib import Path

import pytest

from revloop.cli.home import SERVICES
from revloop.cli.processes import wait_until
from tests.loops import NYC, Control, Loop, ledger_entries, running, verified_ledger

FED = [service for service in SERVICES if service != "executor"]
"""Those that get something to do while a log is fed; the executor is killed in the middle of its orders."""
ORDERS = 4
KINDS = ("crm.create_task", "crm.update_field")
Outcome = tuple[list[str], list[tuple[str, str, str]]]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    with running(tmp_path_factory.mktemp("calm")) as loop:
        for part in loop.parts(NYC, "nyc"):
            loop.post("nyc", part)
        loop.rest()
        for number, action in enumerate(chosen(loop)):
            approve(loop, action, number)
        finished(loop)
        return ledger_entries(loop), sorted(Control(loop).effects())


def chosen(loop: Loop) -> list[dict[str, object]]:
    """The same actions in every run: open ones that write to the CRM, as many of each kind, in order of their ids."""
    api = loop.api()
    rows = sorted(api.get("/v1/top", limit=500), key=lambda row: row["action_id"])
    actions = [api.get(f"/v1/actions/{row['action_id']}")["action"] for row in rows]
    by_kind = ([a for a in actions if a["proposal"]["action_kind"] == kind] for kind in KINDS)
    return [action for found in by_kind for action in found[: ORDERS // len(KINDS)]]


def approve(loop: Loop, action: dict[str, object], number: int) -> None:
    answer = loop.api().order(
        "approve",
        action["request_id"],
        action["account_id"],
        binding_hash=action["binding_hash"],
        command_id=f"command-{number}",
    )
    assert answer.get("accepted"), answer


def finished(loop: Loop) -> None:
    """Wait until the approved actions have succeeded and everything about them is in the ledger."""
    api = loop.api()
    wait_until(lambda: len(api.get("/v1/top", state="SUCCEEDED", limit=500)) == ORDERS, "all orders succeeding", 120)
    loop.rest()


def test_nothing_is_lost_or_done_twice(undisturbed: Outcome, tmp_path: Path) -> None:
    with running(tmp_path) as loop:
        lags = feed_and_kill(loop)
        written = order_and_kill(loop)
        finished(loop)
        assert all(lag > 0 for _, lag in lags), lags
        assert {service for service, _ in lags} == set(FED)
        assert {"POST", "PATCH"} == set(written)
        assert len(lags) + len(written) >= 12
        entries, effects = undisturbed
        assert sorted(Control(loop).effects()) == effects
        assert ledger_entries(loop) == entries
        log = verified_ledger(loop)
        assert (log.faults, log.size) == ([], len(entries))  # not one entry twice in the log itself


def feed_and_kill(loop: Loop) -> list[tuple[str, int]]:
    """Each service dies with input waiting: it stands still while a part of the log arrives. Gives the lag at each."""
    lags: list[tuple[str, int]] = []
    for number, part in enumerate(loop.parts(NYC, "nyc")):
        service = FED[number % len(FED)]
        groups = loop.groups(service)
        loop.signal(service, signal.SIGSTOP)
        if service == "ingest":
            loop.write(part)  # nobody is there to be asked
        else:
            loop.post("nyc", part)
        wait_until(lambda groups=groups: loop.lag(groups) > 0, f"input of {service} waiting", 60)
        lags.append((service, loop.lag(groups)))
        loop.restart(service)
        loop.stack.await_ready(service)
    loop.rest()
    return lags


def await_succeeded(loop: Loop, count: int) -> None:
    """Wait until as many actions have succeeded."""
    wait_until(
        lambda: len(loop.api().get("/v1/top", state="SUCCEEDED", limit=500)) == count, "the order succeeding", 90
    )


def order_and_kill(loop: Loop) -> list[str]:
    """The executor dies inside each order: after the CRM did as told and before it answered, or before it began."""
    control = Control(loop)
    methods: list[str] = []
    for number, action in enumerate(chosen(loop)):
        target = action["proposal"]["target"]["object"]
        method = "POST" if target == "Task" else "PATCH"
        control.fault(kind=("late", "slow")[number % 2], seconds=3, path=f"*/sobjects/{target}*", method=method)
        approve(loop, action, number)
        wait_until(lambda: control.faults_left() == 0, "the executor writing to the CRM", 30)
        loop.restart("executor")
        loop.stack.await_ready("executor")
        await_succeeded(loop, number + 1)
        methods.append(method)
    return methods
