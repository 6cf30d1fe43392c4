"""Real logs against counts made by others: every row of nyc, and the aging incidents of itsm."""

import csv
import gzip
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from revloop.replay.backtest import run as backtest
from tests.golden.incident_count import reached_hours
from tests.loops import NYC, PROFILES, ROOT, SHARED

TRUTH = ROOT / "tests" / "golden" / "nyc" / "truth.csv.gz"
SIGNALS = ("CLOSE_DATE_SLIPPED", "CLOSE_DATE_PULLED_IN", "AMOUNT_CHANGED", "STAGE_CHANGED", "STAGE_REGRESSED")
ITSM = SHARED / "itsm"
Row = tuple[str, str, str, str]


def run(folder: Path, out: Path, profile: Path | None = None) -> dict[str, object]:
    return backtest([folder], out, tenants=PROFILES, policies=ROOT / "policies", profile=profile)


def rows(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((out / "signals.csv").read_text().splitlines()))


@pytest.fixture(scope="module")
def nyc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """nyc with every earlier close date counting as pulled in, as the truth file has it."""
    folder = tmp_path_factory.mktemp("nyc")
    profile = yaml.safe_load((PROFILES / "nyc.yaml").read_text())
    profile["signals"] = {"close_date_pulled_in_min_days": 1}
    (folder / "nyc.yaml").write_text(yaml.safe_dump(profile))
    run(NYC, folder / "out", folder / "nyc.yaml")
    return folder / "out"


@pytest.mark.parametrize("signal", SIGNALS)
def test_nyc_row_by_row(nyc: Path, signal: str) -> None:
    with gzip.open(TRUTH, "rt") as file:
        wanted = sorted(
            (r["account"], r["entity"], r["fired_at"])
            for r in csv.DictReader(file)
            if r["signal"] == signal and r["account"]
        )
    ours = sorted(
        (r["account"], r["entity"], r["at"]) for r in rows(nyc) if r["signal"] == signal and r["change"] == "happened"
    )
    assert ours == wanted


@pytest.mark.parametrize("signal", ["CLOSE_DATE_SLIPPED", "AMOUNT_CHANGED"])
def test_nyc_values(nyc: Path, signal: str) -> None:
    with gzip.open(TRUTH, "rt") as file:
        wanted = {
            (r["entity"], r["fired_at"]): r["value"]
            for r in csv.DictReader(file)
            if r["signal"] == signal and r["account"]
        }
    ours = {
        (r["entity"], r["at"]): r["value"] for r in rows(nyc) if r["signal"] == signal and r["change"] == "happened"
    }
    assert {place: float(value or 0) for place, value in ours.items()} == {p: float(v or 0) for p, v in wanted.items()}


def test_slips_with_an_account(nyc: Path) -> None:
    assert sum(r["signal"] == "CLOSE_DATE_SLIPPED" and r["change"] == "happened" for r in rows(nyc)) == 308


def test_records_without_an_account_are_counted(tmp_path: Path) -> None:
    (law_4,) = run(NYC, tmp_path)["law_4"]
    assert (law_4["items"], law_4["item_records"], law_4["item_parked"], law_4["adds_up"]) == (1051, 755, 296, True)


def test_same_input_same_bytes(tmp_path: Path) -> None:
    run(NYC, tmp_path / "one")
    run(NYC, tmp_path / "two")
    for name in ("signals.csv", "states.csv", "decisions.jsonl", "report.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.skipif(not ITSM.exists(), reason=f"the incident log is not at {ITSM} (set REVLOOP_SHARED_DATA)")
def test_incidents_age(tmp_path: Path) -> None:
    report = run(ITSM, tmp_path)
    (law_4,) = report["law_4"]
    assert (law_4["deliveries"], law_4["adds_up"]) == (101_045, True)
    reached: dict[str, float] = defaultdict(float)
    for row in rows(tmp_path):
        if row["signal"] == "SUPPORT_SEV2_AGING" and row["change"] in ("opened", "raised"):
            reached[row["entity"]] = max(reached[row["entity"]], float(row["value"]))
    counted = reached_hours(ITSM / "deliveries.jsonl.gz")
    assert dict(reached) == counted
    assert [sum(hours >= step for hours in counted.values()) for step in (24, 48, 72)] == [329, 278, 252]
