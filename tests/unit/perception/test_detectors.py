"""Every detector's examples fire or stay silent as they say; one that fails stops no other, and is not silent."""

import pytest

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import DAY_MS
from services.perception.core.detector import (
    AccountDetector,
    Condition,
    EventDetector,
    Facet,
    Kind,
    StateDetector,
    View,
)
from tests.unit.perception.desk import DETECTORS, PROFILE, Desk, by_day, clock, snapshot, told

EXAMPLES = [
    pytest.param(detector, example, fires, id=f"{detector.signal_type}-{example[0]}")
    for detector in DETECTORS
    for fires, examples in ((True, detector.fires), (False, detector.silent))
    for example in examples
]


@pytest.mark.parametrize(("detector", "example", "fires"), EXAMPLES)
def test_an_example_does_what_it_says(detector, example, fires: bool) -> None:
    assert _fires(detector, example) == fires


def _fires(detector, example) -> bool:
    if isinstance(detector, AccountDetector):
        _, records, day = example
        desk = Desk(detectors=[detector])
        for event in by_day(told(records), day):
            desk.take(event)
        return bool(desk.open())
    _, before, after, as_of = example
    view = View(PROFILE, sorted(detector.entity_types)[0], as_of, {}, ())
    if isinstance(detector, EventDetector):
        return detector.detect(before or {}, after, view) is not None
    return bool(detector.condition(after, view, as_of).holds)


def _broken(*_: object) -> Condition:
    raise ZeroDivisionError("a fault")


BROKEN = [
    EventDetector(
        signal_type="BROKEN_EVENT", version=1, entity_types=frozenset({"opportunity"}),
        looks_at=frozenset({"close_date"}), detect=_broken,
    ),
    StateDetector(
        signal_type="BROKEN_STATE", version=1, entity_types=frozenset({"opportunity"}), by_age=False, condition=_broken
    ),
    AccountDetector(
        signal_type="BROKEN_ACCOUNT", version=1, kind=Kind.AGE, looks_at=frozenset({Facet.MEETINGS}),
        look=_broken, judge=_broken,
    ),
]  # fmt: skip


def test_a_detector_that_fails_stops_no_other_and_is_told() -> None:
    desk = Desk(detectors=[*BROKEN, *DETECTORS])
    deal = {"close_date": "2024-01-01", "amount": 1.0, "stage": "s", "name": "n"}
    desk.take(snapshot("opportunity", DAY_MS, deal))
    desk.take(snapshot("opportunity", 2 * DAY_MS, {**deal, "close_date": "2024-06-01"}))
    desk.take(snapshot("meeting", DAY_MS, {"starts": "1970-01-02T00:00:00Z"}), clock(30 * DAY_MS))
    assert {"CLOSE_DATE_SLIPPED", "NO_MEETING_IN_21_DAYS"} <= {one.signal_type for one in desk.said}
    assert len(desk.reasons) >= 4
    assert set(desk.reasons) == {"detector_failed"}


def test_one_of_a_type_and_all_sorted() -> None:
    names = [(detector.signal_type, isinstance(detector, AccountDetector)) for detector in DETECTORS]
    assert names == sorted(set(names))


def test_an_account_signal_carries_its_figures() -> None:
    desk = Desk()
    desk.take(snapshot("meeting", 0, {"starts": "1970-01-01T00:00:00Z"}), clock(21 * DAY_MS))
    (said,) = [one for one in desk.said if one.signal_type == "NO_MEETING_IN_21_DAYS"]
    assert (said.signal_type, said.entity.entity_type, said.entity.entity_key) == (
        "NO_MEETING_IN_21_DAYS",
        "account",
        "a",
    )
    assert [(item.field, item.after, item.snapshot_id) for item in said.evidence] == [
        ("last_meeting", "1970-01-01T00:00:00Z", "meeting-1-0"),
        ("days_since", 21, "meeting-1-0"),
        ("renewal_near", False, "meeting-1-0"),
    ]
    assert said.severity is Severity.medium


def test_happened_is_told_once_however_often_the_clock_ticks() -> None:
    desk = Desk()
    person = {"contact_id": "ann", "role": "champion", "active": True}
    desk.take(snapshot("stakeholder", DAY_MS, person), *(clock(day * DAY_MS) for day in range(1, 5)))
    assert [(one.signal_type, one.change.value) for one in desk.said] == [("STAKEHOLDER_CHANGED", "happened")]
