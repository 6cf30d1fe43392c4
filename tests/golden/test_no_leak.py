"""Nothing knows the future: a log that is cut at a moment gives up to then the very bytes that the whole log gives."""

import csv
from pathlib import Path

import msgspec
import pytest

from revloop.contracts.times import iso, next_boundary, parse_iso
from revloop.replay.backtest import run
from revloop.replay.deliveries import events
from revloop.simulate.run import simulate
from revloop.tenants import Registry
from tests.loops import NYC, PROFILES, ROOT, SHARED

CUTS = 10
LOGS = ["ep", "gov", "itsm", "nyc", "ou", "raven", "retail"]
FILES = ("signals.csv", "states.csv", "decisions.jsonl")


def moments(folder: Path, tenant: str) -> list[str]:
    """Ten boundaries of ticks with as many deliveries between each two."""
    registry = Registry.load(PROFILES)
    step = registry.get(tenant).tick_ms
    at = [event.observed_at for event in events([folder], registry, tenant, None, None)]
    picked = (at[len(at) * cut // (CUTS + 1)] for cut in range(1, CUTS + 1))
    return [iso(next_boundary(one, step)) for one in picked]


def told(out: Path, name: str, until: str) -> list[object]:
    """What a file tells up to a moment."""
    with (out / name).open() as file:
        if name.endswith(".csv"):
            return [row for row in csv.DictReader(file) if row["at"] <= until]
        limit = parse_iso(until)
        return [line for line in file if msgspec.json.decode(line)["observed_at"] <= limit]


def hold(folder: Path, tenant: str, out: Path) -> None:
    """Compare the whole with each of its cuts."""
    run([folder], out / "whole", tenants=PROFILES, policies=ROOT / "policies")
    assert told(out / "whole", "signals.csv", moments(folder, tenant)[-1]), "there is nothing to compare"
    for until in moments(folder, tenant):
        run([folder], out / "cut", tenants=PROFILES, policies=ROOT / "policies", until=until)
        for name in FILES:
            assert told(out / "whole", name, until) == told(out / "cut", name, until), f"{name} up to {until}"


def test_a_log_that_ships_knows_nothing_of_tomorrow(tmp_path: Path) -> None:
    hold(NYC, "nyc", tmp_path)


def test_a_simulated_log_knows_nothing_of_tomorrow(tmp_path: Path) -> None:
    simulate(seed=3, accounts=8, months=4, out=tmp_path / "sim")
    hold(tmp_path / "sim", "sim", tmp_path)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.skipif(not SHARED.exists(), reason=f"no logs at {SHARED} (set REVLOOP_SHARED_DATA)")
@pytest.mark.parametrize("tenant", LOGS)
def test_no_real_log_knows_anything_of_tomorrow(tenant: str, tmp_path: Path) -> None:
    hold(SHARED / tenant, tenant, tmp_path)
