"""Every command where nothing runs, in a fresh home and in one that was used: a sentence and an exit code, no trace."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import click
import httpx
import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

import revloop.cli.machine
import revloop.kafka.answering
from revloop.cli.main import app
from revloop.kafka.local import BrokerFailed, LocalKafka
from revloop.stores.identity import LocalIssuer, local_people
from tests.loops import NYC, PROFILES, free_home

REFUSED, NOT_UP = 1, 3


class Case(NamedTuple):
    """How a command is called, and how it ends in a fresh home and in a used one; ``shows`` is said either way."""

    line: str
    fresh: int = NOT_UP
    used: int = NOT_UP
    shows: str = "revloop"


CASES = {
    "up": None,
    "run": None,
    "demo": None,
    "kafka start": None,
    "simulate": None,
    "backtest": None,
    "check": None,
    "report quality": None,
    "down": Case("down", 0, 0, ""),
    "status": Case("status", shows="revloop up"),
    "kafka stop": Case("kafka stop", 0, 0, "did not run"),
    "kafka status": Case("kafka status", shows="does not run"),
    "kafka reset": Case("kafka reset --yes", 0, 0, "deleted"),
    "topics apply": Case("topics apply", shows="revloop kafka start"),
    "feed": Case(f"feed {NYC} --tenants {PROFILES}", shows="revloop up"),
    "poll": Case("poll nyc", shows="revloop up"),
    "tenant check": Case(f"tenant check {PROFILES / 'nyc.yaml'}", 0, 0, "Opportunity"),
    "top": Case("top"),
    "why": Case("why act_1"),
    "timeline": Case("timeline act_1"),
    "evidence": Case("evidence snp_1"),
    "accounts": Case("accounts"),
    "parked": Case("parked"),
    "brief": Case(f"brief a --tenants {PROFILES}"),
    "memory search": Case(f"memory search roof --tenants {PROFILES}"),
    "state": Case(f"state a --tenants {PROFILES}"),
    "diff": Case(f"diff a 2018-01-01T00:00:00Z 2018-02-01T00:00:00Z --tenants {PROFILES}"),
    "export signals": Case("export signals --out signals.csv"),
    "dead list": Case("dead list"),
    "dead redrive": Case("dead redrive raw.deliveries --all", shows="revloop kafka start"),
    "approve": Case("approve act_1"),
    "reject": Case("reject act_1"),
    "undo": Case("undo act_1"),
    "ledger verify": Case("ledger verify", REFUSED, REFUSED, "vkey"),
    "ledger prove": Case("ledger prove dec_1 --out proofs"),
}
"""None: starts something, or works on files alone and has tests of its own."""
RUN = {name: case for name, case in CASES.items() if case is not None}
WITHOUT_JSON = {"up", "run", "demo", "down", "kafka start", "kafka stop", "kafka reset"}
"""They report no result but that they are done."""


def commands() -> dict[str, click.Command]:
    """Every command by its whole name."""
    found: dict[str, click.Command] = {}

    def walk(command: click.Command, name: str) -> None:
        for child, sub in getattr(command, "commands", {}).items():
            walk(sub, f"{name} {child}".strip())
        if not hasattr(command, "commands"):
            found[name] = command

    walk(typer.main.get_command(app), "")
    return found


@pytest.fixture(params=["fresh", "used"])
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A home on free ports where nothing runs; a used one has the tokens that its services made."""
    found = free_home(tmp_path / "home")
    monkeypatch.setenv("REVLOOP_HOME", str(found.directory))
    monkeypatch.setenv("REVLOOP_PORT_BASE", str(found.port_base))
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.setattr(revloop.kafka.answering, "ANSWER_WITHIN_S", 0.5)
    monkeypatch.chdir(tmp_path)
    if request.param == "used":
        LocalIssuer(found.directory / "identity").write_tokens(local_people(["itsm", "nyc"]), int(time.time() * 1000))
        (found.directory / "identity" / "feed.token").write_text("x")
    return str(request.param)


def run(line: str) -> Result:
    return CliRunner().invoke(app, line.split())


def assert_in_words(done: Result) -> None:
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert "Traceback" not in done.output
    assert len(done.stderr.strip().splitlines()) <= 1, done.stderr


def test_the_table_holds_every_command() -> None:
    assert set(CASES) == set(commands())


@pytest.mark.parametrize("name", CASES)
def test_what_has_a_result_gives_it_as_json(name: str) -> None:
    options = {text for option in commands()[name].params for text in option.opts}
    assert ("--json" in options) == (name not in WITHOUT_JSON)


@pytest.mark.parametrize("case", RUN.values(), ids=RUN)
def test_where_nothing_runs_a_command_says_so(case: Case, home: str) -> None:
    done = run(case.line)
    assert_in_words(done)
    assert done.exit_code == (case.fresh if home == "fresh" else case.used), done.output
    assert case.shows in done.output


@pytest.mark.parametrize("name", sorted(set(RUN) - WITHOUT_JSON))
def test_json_is_json_or_nothing(name: str, home: str) -> None:
    done = run(f"{RUN[name].line} --json")
    assert_in_words(done)
    assert done.exit_code == (RUN[name].fresh if home == "fresh" else RUN[name].used), done.output
    if done.stdout:
        json.loads(done.stdout)
    else:
        assert done.stderr


@pytest.mark.parametrize("home", ["used"], indirect=True)
def test_status_shows_services_and_tenants_without_a_console(home: str) -> None:
    table = run("status")
    assert "world_model" in table.stdout
    assert all(f"law 4, {tenant}: the console does not answer" in table.stdout for tenant in ("itsm", "nyc"))
    found = json.loads(run("status --json").stdout)
    assert not any(row["up"] for row in found["services"])
    assert set(found["tenants"]) == {"itsm", "nyc"}
    assert set(json.loads(run("status --json --tenant nyc").stdout)["tenants"]) == {"nyc"}


@pytest.mark.parametrize("home", ["used"], indirect=True)
def test_a_person_without_a_token_is_refused(home: str) -> None:
    done = run("top --as nobody")
    assert (done.exit_code, "--as" in done.stderr) == (REFUSED, True)


@pytest.mark.parametrize("home", ["fresh"], indirect=True)
def test_an_odd_port_base_is_said(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for odd in ("x", "0", "65000", "-1"):
        monkeypatch.setenv("REVLOOP_PORT_BASE", odd)
        done = run("status")
        assert (done.exit_code, "REVLOOP_PORT_BASE" in done.stderr) == (REFUSED, True)


@pytest.mark.parametrize("home", ["fresh"], indirect=True)
@pytest.mark.parametrize("line", ["up", "kafka start"])
def test_a_broker_that_does_not_start_is_said(home: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: LocalKafka) -> None:
        raise BrokerFailed("Kafka ended: are ports 1 and 2 free? [/red]")

    monkeypatch.setattr(LocalKafka, "start", fail)
    done = run(line)
    assert done.exit_code == NOT_UP
    assert "are ports 1 and 2 free? [/red]" in done.stderr


@pytest.mark.parametrize("home", ["fresh"], indirect=True)
@pytest.mark.parametrize(("fault", "code"), [(httpx.ReadTimeout("slow"), NOT_UP), (ZeroDivisionError(), None)])
def test_what_is_not_expected_keeps_its_trace(
    home: str, fault: Exception, code: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> Callable[..., object]:
        raise fault

    monkeypatch.setattr(revloop.cli.machine, "Stack", fail)
    done = run("down")
    if code is None:
        assert done.exception is fault
    else:
        assert (done.exit_code, "took too long" in done.stderr) == (code, True)


def test_no_help_text_is_missing() -> None:
    assert [name for name, command in commands().items() if not command.help] == []
