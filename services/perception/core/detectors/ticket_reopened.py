"""TICKET_REOPENED: a case that was done is not, or its count of reopenings rose."""

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import DAY_MS
from services.perception.core.detector import EventDetector, Fields, Happened, View

DONE = "done"


def detect(before: Fields, after: Fields, view: View) -> Happened | None:
    """Value: how often it was reopened, where the help desk counts it."""
    was, now = before.get("status_category"), after.get("status_category")
    old, new = before.get("reopen_count"), after.get("reopen_count")
    counted = isinstance(new, int | float) and isinstance(old, int | float) and new > old
    if not counted and (was != DONE or now is None or now == DONE):
        return None
    return Happened(
        severity=Severity.medium,
        ttl_ms=view.profile.signals.ticket_ttl_days * DAY_MS,
        fields=("status", "status_category", "reopen_count"),
        value=float(new) if isinstance(new, int | float) else None,
    )


DETECTOR = EventDetector(
    signal_type="TICKET_REOPENED",
    version=1,
    entity_types=frozenset({"support_case"}),
    looks_at=frozenset({"status_category", "reopen_count"}),
    detect=detect,
    fires=[
        ("not done any more", {"status_category": "done"}, {"status_category": "indeterminate"}, 0),
        ("counted once more", {"reopen_count": 0}, {"reopen_count": 1}, 0),
    ],
    silent=[
        ("done", {"status_category": "indeterminate"}, {"status_category": "done"}, 0),
        ("first told", {"reopen_count": None}, {"reopen_count": 3}, 0),
        ("never done", {"status_category": "new"}, {"status_category": "indeterminate"}, 0),
    ],
)
