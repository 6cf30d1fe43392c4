"""The Kafka path gives the very bytes of the backtest, with two perception workers and a rebalance in the middle."""

import csv
import io
from pathlib import Path

import pytest

from revloop.cli.processes import wait_until
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import SignalChange
from revloop.contracts.rows import SIGNAL_COLUMNS, signal_order, signal_row
from revloop.replay.backtest import run as backtest
from tests.loops import ITSM, NYC, PROFILES, ROOT, Loop, running

ITSM_DELIVERIES = 20_000
FIRST, SECOND = "perception", "perception-1"


@pytest.fixture
def loop(tmp_path: Path):
    """Two workers, each with half of the partitions before anything comes."""
    with running(tmp_path / "equal") as loop:
        loop.start_second(FIRST)
        wait_until(lambda: (loop.share(FIRST), loop.share(SECOND)) == (6, 6), "both having half of the partitions", 90)
        yield loop


def expected(out: Path, folder: Path, limit: int | None = None) -> str:
    backtest([folder], out, tenants=PROFILES, policies=ROOT / "policies", limit=limit)
    return (out / "signals.csv").read_text()


def on_the_topic(loop: Loop, tenant: str) -> str:
    """The signals as they stand in Kafka, each as often as it does."""
    events = (one for one in loop.committed(topics.SIGNALS) if isinstance(one, SignalChange))
    rows = sorted((signal_row(one) for one in events if one.tenant_id == tenant), key=signal_order)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([SIGNAL_COLUMNS, *rows])
    return text.getvalue()


def has_worked(loop: Loop, worker: str) -> bool:
    """Whether a worker has committed something, and has more to do."""
    status = loop.status(worker)
    return status["last_commit"] is not None and int(str(status["lag"])) > 0


def test_nyc_with_a_worker_that_dies_in_the_middle(loop: Loop, tmp_path: Path) -> None:
    loop.feed(NYC, "nyc")
    wait_until(lambda: has_worked(loop, SECOND), "the second worker being at work", 60)
    loop.stack.processes.kill(SECOND)
    loop.start_second(FIRST)
    loop.rest()
    wanted = expected(tmp_path, NYC)
    assert loop.api().text("/v1/signals.csv") == wanted
    assert on_the_topic(loop, "nyc") == wanted


def test_itsm_with_a_worker_leaving_in_the_middle(loop: Loop, tmp_path: Path) -> None:
    loop.feed(ITSM, "itsm", limit=ITSM_DELIVERIES)
    wait_until(lambda: has_worked(loop, FIRST) and has_worked(loop, SECOND), "both workers being at work", 60)
    loop.stack.processes.stop(SECOND)
    wait_until(lambda: loop.share(FIRST) == 12, "the first worker having all partitions", 60)
    assert loop.lag(loop.groups(FIRST)) > 0, "the rebalance came after the end: there was nothing left to share"
    loop.rest("itsm")
    api, wanted = loop.api("itsm"), expected(tmp_path, ITSM, ITSM_DELIVERIES)
    assert api.text("/v1/signals.csv") == wanted
    assert on_the_topic(loop, "itsm") == wanted
    (law_4,) = api.get("/v1/accounts-of-law-4")
    assert law_4["deliveries"] == ITSM_DELIVERIES
