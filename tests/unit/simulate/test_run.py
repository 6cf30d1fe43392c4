"""A simulation is the same for the same seed, in order, and tells what its stories did."""

import csv
import gzip
import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from revloop.cli.main import app
from revloop.simulate.run import BadSize, Summary, simulate, span
from revloop.stores.delivery_files import read

SEED, ACCOUNTS, MONTHS = 11, 24, 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sim")


@pytest.fixture(scope="module")
def summary(folder: Path) -> Summary:
    return simulate(seed=SEED, accounts=ACCOUNTS, months=MONTHS, out=folder)


def table(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt") as file:
        return list(csv.DictReader(file))


def lines(path: Path) -> list[dict[str, object]]:
    with gzip.open(path / "deliveries.jsonl.gz", "rb") as file:
        return [json.loads(line) for line in file]


def test_the_same_seed_gives_the_same_bytes(summary: Summary, folder: Path, tmp_path: Path) -> None:
    again = simulate(seed=SEED, accounts=ACCOUNTS, months=MONTHS, out=tmp_path)
    assert again == summary
    for name in summary.sha256:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_another_seed_gives_another_company(summary: Summary, tmp_path: Path) -> None:
    other = simulate(seed=SEED + 1, accounts=ACCOUNTS, months=1, out=tmp_path)
    assert other.sha256["deliveries.jsonl.gz"] != summary.sha256["deliveries.jsonl.gz"]


def test_lines_are_in_order_and_numbered(summary: Summary, folder: Path) -> None:
    filed = list(read([folder]))
    assert [one.line.seq for one in filed] == list(range(1, summary.deliveries + 1))
    assert [one.at for one in filed] == sorted(one.at for one in filed)
    assert {one.line.tenant for one in filed} == {"sim"}


def test_the_summary_counts_what_is_there(summary: Summary, folder: Path) -> None:
    by_connector = Counter(str(line["connector"]) for line in lines(folder))
    assert dict(by_connector) == dict(summary.by_connector)
    assert len(by_connector) >= 6
    opened = Counter(row["signal"] for row in table(folder / "truth.csv.gz") if row["change"] in ("opened", "happened"))
    assert dict(opened) == dict(summary.signals)
    assert Counter(row["outcome"] for row in table(folder / "outcomes.csv.gz")) == Counter(summary.outcomes)


def test_what_cleared_had_opened(summary: Summary, folder: Path) -> None:
    standing: Counter[tuple[str, str, str]] = Counter()
    for row in table(folder / "truth.csv.gz"):
        name = (row["account"], row["signal"], row["entity"])
        standing[name] += {"opened": 1, "cleared": -1}.get(row["change"], 0)
        assert standing[name] >= 0, row


def test_rows_are_in_order(summary: Summary, folder: Path) -> None:
    for name in ("truth.csv.gz", "outcomes.csv.gz", "stories.csv.gz"):
        column = "as_of" if name.startswith("outcomes") else "at"
        days = [row[column][:10] for row in table(folder / name)]
        assert days == sorted(days)


def test_every_step_of_a_story_is_told(summary: Summary, folder: Path) -> None:
    """The thing a step names is in a delivery at or after the step, within a day."""
    steps = [row for row in table(folder / "stories.csv.gz") if row["entity"] and row["at"] < "2024-06-29"]
    assert len(steps) > 10
    told = [(str(line["at"]), json.dumps(line["body"])) for line in lines(folder)]
    for step in steps:
        first = next(place for place, (at, _) in enumerate(told) if at >= step["at"])
        near = (body for at, body in told[first:] if at[:10] <= _next_day(step["at"]))
        assert any(step["entity"] in body for body in near), step


def _next_day(at: str) -> str:
    month, day = int(at[5:7]), int(at[8:10]) + 1
    return f"{at[:5]}{month:02d}-{day:02d}"


def test_outcomes_have_the_cause_of_their_story(summary: Summary, folder: Path) -> None:
    stories = {(row["account"], row["story"]) for row in table(folder / "stories.csv.gz")}
    outcomes = table(folder / "outcomes.csv.gz")
    assert all((row["account"], row["cause"]) in stories for row in outcomes if row["cause"])
    assert any(not row["cause"] for row in outcomes), "some things come without a sign"


def test_truth_names_accounts_that_are_told(summary: Summary, folder: Path) -> None:
    text = gzip.decompress((folder / "deliveries.jsonl.gz").read_bytes()).decode()
    assert {row["account"] for row in table(folder / "truth.csv.gz") if row["account"] not in text} == set()


@pytest.mark.parametrize(("accounts", "months"), [(0, 1), (1, 0), (-3, 5), (10**6, 12), (10, 1_000)])
def test_sizes_that_nobody_can_want_are_refused(accounts: int, months: int, tmp_path: Path) -> None:
    with pytest.raises(BadSize, match="ask for 1 to"):
        simulate(seed=1, accounts=accounts, months=months, out=tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_months_end_on_the_first() -> None:
    first, after_a_year = span(1, 12)
    assert after_a_year - first == 366  # 2024
    assert span(1, 1) == (first, first + 31)


# --- the command


def test_the_command_prints_what_it_wrote(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["simulate", "--accounts", "3", "--months", "1", "--out", str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["accounts"] == 3
    assert found["deliveries"] == len(lines(tmp_path))


def test_the_command_refuses_in_words(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["simulate", "--accounts", "0", "--out", str(tmp_path)])
    assert done.exit_code == 1
    assert "ask for 1 to" in done.stderr
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    done = CliRunner().invoke(app, ["simulate", "--accounts", "1", "--out", str(in_the_way / "folder")])
    assert done.exit_code == 1
    assert "name another folder" in done.stderr.replace("\n", " ")
