"""A simulated company through the whole chain: every signal the product knows, against the truth of the simulation."""

import csv
import gzip
from collections import Counter
from pathlib import Path

import pytest

from revloop.replay.backtest import Report, run
from revloop.simulate.run import simulate
from services.perception.core.detectors import load_detectors
from tests.loops import PROFILES, ROOT

OWN = {"ACTION_EXECUTED", "ACTION_FAILED"}
"""Of our own effects: no vendor tells them."""
SIGNALS = sorted({detector.signal_type for detector in load_detectors()} - OWN)
STEPS = "SUPPORT_SEV2_AGING"
"""The one whose rises are part of the rule."""
Row = tuple[str, str, str, str]


class Compared:
    """Both sides: rows and their values by signal."""

    def __init__(self, folder: Path) -> None:
        simulate(seed=5, accounts=80, months=9, out=folder / "sim")
        self.report: Report = run([folder / "sim"], folder / "out", tenants=PROFILES, policies=ROOT / "policies")
        with gzip.open(folder / "sim" / "truth.csv.gz", "rt") as file:
            self.truth = list(csv.DictReader(file))
        self.ours = list(csv.DictReader((folder / "out" / "signals.csv").read_text().splitlines()))


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    return Compared(tmp_path_factory.mktemp("simulated"))


def rows(table: list[dict[str, str]], signal: str) -> Counter[Row]:
    told = {"opened", "happened", "cleared"} | ({"raised"} if signal == STEPS else set())
    return Counter(
        (row["account"], row["entity"], row["change"], row["at"])
        for row in table
        if row["signal"] == signal and row["change"] in told
    )


def test_nothing_is_refused_and_everything_is_accounted_for(compared: Compared) -> None:
    assert compared.report["refusals"] == {}
    assert all(row["adds_up"] and row["item_dead"] == 0 for row in compared.report["law_4"])  # type: ignore[attr-defined]  # rows of a report


@pytest.mark.parametrize("signal", SIGNALS)
def test_row_by_row(compared: Compared, signal: str) -> None:
    truth, ours = rows(compared.truth, signal), rows(compared.ours, signal)
    assert sum(count for row, count in truth.items() if row[2] in ("opened", "happened")) >= 20
    assert (truth - ours, ours - truth) == (Counter(), Counter())


@pytest.mark.parametrize("signal", SIGNALS)
def test_values_where_the_rule_gives_one(compared: Compared, signal: str) -> None:
    ours = {
        (row["account"], row["entity"], row["change"], row["at"]): row["value"]
        for row in compared.ours
        if row["signal"] == signal
    }
    for row in compared.truth:
        if row["signal"] == signal and row["value"]:
            found = ours[row["account"], row["entity"], row["change"], row["at"]]
            assert float(found) == pytest.approx(float(row["value"]), abs=0.011), row
