"""The Kafka path gives the very bytes of the backtest, with two perception workers and a rebalance in the middle."""

from pathlib import Path

import pytest

from revloop.cli.processes import wait_until
from revloop.replay.backtest import run as backtest
from tests.loops import NYC, PROFILES, ROOT, SHARED, Loop, running

ITSM = SHARED / "itsm"
ITSM_DELIVERIES = 20_000


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory):
    with running(tmp_path_factory.mktemp("equal")) as loop:
        yield loop


def expected(out: Path, folder: Path, limit: int | None = None) -> str:
    backtest([folder], out, tenants=PROFILES, policies=ROOT / "policies", limit=limit)
    return (out / "signals.csv").read_text()


def test_nyc_with_a_second_worker_joining(loop: Loop, tmp_path: Path) -> None:
    loop.start_second("perception")
    loop.feed(NYC, "nyc")
    loop.rest()
    assert loop.api().text("/v1/signals.csv") == expected(tmp_path, NYC)


@pytest.mark.skipif(not ITSM.exists(), reason=f"the incident log is not at {ITSM} (set REVLOOP_SHARED_DATA)")
def test_itsm_with_a_worker_leaving_in_the_middle(loop: Loop, tmp_path: Path) -> None:
    if loop.stack.processes.find("perception-1") is None:
        loop.start_second("perception")
    loop.feed(ITSM, "itsm", limit=ITSM_DELIVERIES)
    api = loop.api("itsm")
    wait_until(lambda: api.get("/v1/accounts-of-law-4") != [], "the first deliveries being resolved", 60)
    loop.stack.processes.stop("perception-1")
    loop.rest("itsm")
    assert api.text("/v1/signals.csv") == expected(tmp_path, ITSM, ITSM_DELIVERIES)
    (law_4,) = api.get("/v1/accounts-of-law-4")
    assert law_4["deliveries"] == ITSM_DELIVERIES
