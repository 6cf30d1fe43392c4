"""CLOSE_DATE_SLIPPED: the close date is later than in the record before; a repeated slip weighs one step more."""

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import DAY_MS, parse_iso
from services.perception.core.detector import EventDetector, Fields, Happened, View

COUNTER = "close_date_slips"
STEPS = tuple(Severity)


def detect(before: Fields, after: Fields, view: View) -> Happened | None:
    """Value: days slipped."""
    old, new = before.get("close_date"), after.get("close_date")
    if not isinstance(old, str) or not isinstance(new, str):
        return None
    days = (parse_iso(new) - parse_iso(old)) // DAY_MS
    settings = view.profile.signals
    if days < settings.close_date_slipped_min_days:
        return None
    slips = view.counters.get(COUNTER, 0) + 1
    step = 2 if days >= 90 else 1 if days >= 30 else 0
    return Happened(
        severity=STEPS[min(step + (slips > 1), len(STEPS) - 1)],
        ttl_ms=settings.close_date_slipped_ttl_days * DAY_MS,
        fields=("close_date",),
        value=float(days),
        counters={COUNTER: slips},
    )


DETECTOR = EventDetector(
    signal_type="CLOSE_DATE_SLIPPED",
    version=1,
    entity_types=frozenset({"opportunity"}),
    looks_at=frozenset({"close_date"}),
    detect=detect,
    fires=[
        ("one day", {"close_date": "2018-01-01"}, {"close_date": "2018-01-02"}, 0),
        ("over a year", {"close_date": "2018-01-01"}, {"close_date": "2019-06-30"}, 0),
    ],
    silent=[
        ("pulled in", {"close_date": "2018-01-02"}, {"close_date": "2018-01-01"}, 0),
        ("there was none", {"close_date": None}, {"close_date": "2018-01-01"}, 0),
        ("there is none any more", {"close_date": "2018-01-01"}, {"close_date": None}, 0),
    ],
)
