"""Counts of real logs that other programs made, tenant by tenant: every one that must be equal is equal."""

import json
from pathlib import Path

import pytest

from revloop.replay.check import Check, Verdict, load_expected, load_map
from revloop.tenants import Registry
from tests.loops import PROFILES, ROOT, SHARED

EXPECTED = SHARED / "expected.json"
MAP = ROOT / "examples" / "expected.yaml"
pytestmark = pytest.mark.skipif(not EXPECTED.exists(), reason=f"no logs at {SHARED} (set REVLOOP_SHARED_DATA)")


@pytest.mark.parametrize("tenant", ["ep", "fixtures", "gov", "nyc", "ou", "raven", "retail"])
def test_counts_are_as_expected(tenant: str) -> None:
    check = Check(load_map(MAP), Registry.load(PROFILES), ROOT / "policies")
    check.run([SHARED / tenant])
    lines = [line for line in check.lines(load_expected(EXPECTED), SHARED) if line.verdict is not Verdict.NOT_RUN]
    wrong = {line.id: (line.expected, line.ours, line.note) for line in lines if line.verdict is Verdict.DIFFERS}
    assert not wrong
    assert any(line.verdict is Verdict.EQUAL for line in lines)
    assert all(row["adds_up"] for row in check.backtest.law_4.rows())


def test_every_expected_count_is_measured_or_has_a_reason() -> None:
    known = load_map(MAP).counts
    ids = {one["id"] for one in json.loads(Path(EXPECTED).read_text())["expected"]}
    assert ids == known.keys()
