"""CLOSE_DATE_PULLED_IN: the close date is earlier than in the record before."""

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import DAY_MS, parse_iso
from services.perception.core.detector import EventDetector, Fields, Happened, View


def detect(before: Fields, after: Fields, view: View) -> Happened | None:
    """Value: days pulled in, as a negative number."""
    old, new = before.get("close_date"), after.get("close_date")
    if not isinstance(old, str) or not isinstance(new, str):
        return None
    days = (parse_iso(old) - parse_iso(new)) // DAY_MS
    settings = view.profile.signals
    if days < settings.close_date_pulled_in_min_days:
        return None
    ttl_ms = settings.close_date_pulled_in_ttl_days * DAY_MS
    return Happened(severity=Severity.low, ttl_ms=ttl_ms, fields=("close_date",), value=-float(days))


DETECTOR = EventDetector(
    signal_type="CLOSE_DATE_PULLED_IN",
    version=1,
    entity_types=frozenset({"opportunity"}),
    looks_at=frozenset({"close_date"}),
    detect=detect,
    fires=[("a week", {"close_date": "2018-01-08"}, {"close_date": "2018-01-01"}, 0)],
    silent=[
        ("six days", {"close_date": "2018-01-07"}, {"close_date": "2018-01-01"}, 0),
        ("later", {"close_date": "2018-01-01"}, {"close_date": "2018-03-01"}, 0),
    ],
)
