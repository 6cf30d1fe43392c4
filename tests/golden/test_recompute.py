"""States drawn at random are made anew, byte for byte, from the deliveries alone, by a process of its own."""

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from revloop.contracts import codec
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import AccountState, Envelope
from revloop.replay.backtest import Backtest
from revloop.replay.deliveries import folders_of
from revloop.tenants import Registry
from tests.loops import NYC, PROFILES, ROOT, SHARED

DRAWN = 200
LOGS = ["ep", "gov", "itsm", "ou", "raven", "retail"]


def published(folder: Path) -> dict[str, str]:
    """Hash of each state's bytes as the whole chain publishes them, by id."""
    found: dict[str, str] = {}

    def keep(event: Envelope) -> None:
        if isinstance(event, AccountState):
            assert event.event_id not in found, "two states have one id"
            found[event.event_id] = hashlib.sha256(codec.encode(event)).hexdigest()

    backtest = Backtest(Registry.load(PROFILES), ROOT / "policies")
    backtest.run([folder], lambda pipeline, _tenant: pipeline.listen(topics.ACCOUNT_STATES, keep))
    return found


def hold(folder: Path) -> None:
    """Draw, and let another process make them anew."""
    (tenant,) = folders_of([folder])
    known = published(folder)
    drawn = random.Random(0).sample(sorted(known), min(DRAWN, len(known)))
    done = subprocess.run(
        [sys.executable, "-m", "tests.golden.recompute", str(folder), tenant],
        input="\n".join(drawn),
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    anew = dict(line.split() for line in done.stdout.splitlines())
    assert anew == {event_id: known[event_id] for event_id in drawn}


def test_states_of_the_log_that_ships() -> None:
    hold(NYC)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.skipif(not SHARED.exists(), reason=f"no logs at {SHARED} (set REVLOOP_SHARED_DATA)")
@pytest.mark.parametrize("tenant", LOGS)
def test_states_of_real_logs(tenant: str) -> None:
    hold(SHARED / tenant)
