"""How long nine in ten of a tenant's deals took: counted when they are closed, told ahead of the tick when it moved."""

import pytest

from revloop.contracts.generated.events import TenantValue, Tick
from revloop.contracts.tenant_values import CLOSED_CYCLE_P90_DAYS
from revloop.contracts.times import DAY_MS, iso
from revloop.tenants import Profile, SignalSettings
from revloop.tenants.profile import Clock
from services.ingest.core.cycles import percentile
from services.ingest.core.feed import tick
from tests.unit.ingest.desk import CRM, START, Desk, Written, row

FEWEST = 3
PROFILE = Profile(
    tenant="t",
    clock=Clock.FILE,
    connectors={"salesforce": CRM},
    closed_stages=("Won", "Lost"),
    signals=SignalSettings(closed_cycle_min_deals=FEWEST),
)
CLOSED_AT = 1_519_862_400_000
"""Minute 0 of ``row``."""


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ({"4": 1}, 4.0),
        ({"4": 9, "400": 1}, 4.0),
        ({"4": 8, "400": 2}, 400.0),
        ({"9": 5, "10": 4, "100": 1}, 10.0),  # days are numbers, not texts
    ],
)
def test_the_nearest_rank(days: dict[str, int], expected: float) -> None:
    assert percentile(days) == expected


def closed(number: int, days: int, version: int = 1, stage: str = "Won") -> dict[str, object]:
    return row(f"006{number}", version, StageName=stage, CreatedDate=iso(CLOSED_AT - days * DAY_MS))


def ticked(desk: Desk, day: int) -> Written:
    return desk.handle(tick(PROFILE.clock_id, "t", START + day * DAY_MS))


def told(written: Written) -> list[tuple[str, float]]:
    return [(e.event.name, e.event.value) for e in written.emits if isinstance(e.event, TenantValue)]


def test_it_is_told_once_there_are_enough_and_goes_everywhere_before_the_tick() -> None:
    desk = Desk(PROFILE)
    desk.poll(closed(1, 10), closed(2, 20))
    assert told(ticked(desk, 1)) == []
    desk.poll(closed(3, 30), at=START + DAY_MS)
    written = ticked(desk, 2)
    assert told(written) == [(CLOSED_CYCLE_P90_DAYS, 30.0)]
    assert [type(emit.event) for emit in written.emits] == [TenantValue, Tick]
    assert all(emit.every_partition for emit in written.emits)


def test_it_is_told_again_only_when_it_moved() -> None:
    desk = Desk(PROFILE)
    desk.poll(*(closed(number, 30) for number in range(FEWEST)))
    assert told(ticked(desk, 1)) == [(CLOSED_CYCLE_P90_DAYS, 30.0)]
    desk.poll(closed(7, 30), at=START + DAY_MS)
    assert told(ticked(desk, 2)) == []
    desk.poll(closed(8, 90), at=START + 2 * DAY_MS)
    assert told(ticked(desk, 3)) == [(CLOSED_CYCLE_P90_DAYS, 90.0)]


def test_a_deal_counts_once_and_only_when_it_is_closed() -> None:
    desk = Desk(PROFILE)
    desk.poll(*(closed(number, 10) for number in range(FEWEST - 1)), closed(9, 500, stage="Design"))
    desk.poll(closed(0, 10, version=2), at=START + 1000)  # told again, closed before
    assert told(ticked(desk, 1)) == []
