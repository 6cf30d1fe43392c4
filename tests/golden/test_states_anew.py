"""The states of an account made anew from a folder of deliveries: those a backtest publishes, as of any moment."""

import csv
import random
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from revloop.cli.main import app
from revloop.contracts import codec
from revloop.contracts.generated.events import AccountState
from revloop.contracts.times import iso, parse_iso
from revloop.replay.backtest import run
from revloop.replay.states import Archive, recompute
from revloop.tenants import Registry
from tests.loops import NYC, PROFILES, ROOT
from tests.unit.console.desk import Console

ACCOUNT = "BWT"


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    out = tmp_path_factory.mktemp("backtest")
    run([NYC], out, tenants=PROFILES, policies=ROOT / "policies")
    table = csv.DictReader((out / "states.csv").read_text().splitlines())
    return [row for row in table if row["account"] == ACCOUNT]


def archive(until: str | None) -> Archive:
    return Archive([NYC], Registry.load(PROFILES), "nyc", ACCOUNT, parse_iso(until) if until else None)


def test_it_is_what_the_backtest_says_and_no_more_than_the_deliveries_up_to_then(rows: list[dict[str, str]]) -> None:
    whole = archive(None)
    for at in sorted({row["at"] for row in rows})[:3]:
        state = whole.at(parse_iso(at))
        assert state is not None
        assert (at, state.snapshot_id) in {(row["at"], row["snapshot_id"]) for row in rows}
        assert archive(at).at(None) == state


def shown(state: AccountState) -> bytes:
    """JSON of a state that came over the wire, which has the fields of a record in one order."""
    return msgspec.json.encode(codec.decode(codec.encode(state)))


def test_the_console_gives_the_same_bytes_as_of_any_moment(tmp_path: Path) -> None:
    told: list[AccountState] = []
    recompute([NYC], Registry.load(PROFILES), "nyc", told.append, None)
    console = Console(tmp_path, tenants=("nyc",))
    console.take(*told)
    drawn, first, last = random.Random(1), told[0].observed_at, told[-1].observed_at
    for _ in range(50):
        account, at = drawn.choice(told).account_id, drawn.randrange(first, last)
        current = [one for one in told if one.account_id == account and one.observed_at <= at]
        answer = console.get(f"/v1/accounts/{account}/state", tenant="nyc", at=iso(at))
        assert answer.content == shown(current[-1]) if current else answer.status_code == 404


def test_nothing_is_known_before_the_first_delivery() -> None:
    assert archive(None).at(0) is None
    assert archive(None).diff(0, 1) is None


def revloop(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*words, "--from", str(NYC), "--tenants", str(PROFILES)], env={"COLUMNS": "200"})
    return done.exit_code, done.output


def test_the_command_line_adds_up_what_it_shows() -> None:
    code, shown = revloop("state", "DOE", "--at", "2017-04-01")
    assert code == 0
    assert "health: 100 -47 -15 = 38" in shown


def test_a_difference_is_told_in_points() -> None:
    code, shown = revloop("diff", "DOE", "2017-03-01", "2017-04-01")
    assert code == 0
    assert "health: 81 -47 +4 = 38" in shown


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("state", "NOBODY"), "tell nothing of"),
        (("state", ACCOUNT, "--at", "soon"), "is no moment"),
        (("diff", ACCOUNT, "2018-01-01", "2017-01-01"), "swap them"),
    ],
)
def test_what_cannot_be_answered_says_why(words: tuple[str, ...], says: str) -> None:
    code, shown = revloop(*words)
    assert (code, says in shown) == (1, True)
