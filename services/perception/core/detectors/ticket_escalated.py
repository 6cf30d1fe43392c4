"""TICKET_ESCALATED: the help desk marks a case as escalated."""

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import DAY_MS
from services.perception.core.detector import EventDetector, Fields, Happened, View


def detect(before: Fields, after: Fields, view: View) -> Happened | None:
    """No value."""
    if after.get("escalated") is not True or before.get("escalated") is True:
        return None
    ttl_ms = view.profile.signals.ticket_ttl_days * DAY_MS
    return Happened(severity=Severity.medium, ttl_ms=ttl_ms, fields=("escalated", "priority", "status"))


DETECTOR = EventDetector(
    signal_type="TICKET_ESCALATED",
    version=1,
    entity_types=frozenset({"support_case"}),
    looks_at=frozenset({"escalated"}),
    detect=detect,
    fires=[
        ("marked", {"escalated": False}, {"escalated": True}, 0),
        ("first told as escalated", None, {"escalated": True}, 0),
    ],
    silent=[
        ("marked before", {"escalated": True}, {"escalated": True}, 0),
        ("taken back", {"escalated": True}, {"escalated": False}, 0),
        ("not said", {}, {"escalated": None}, 0),
    ],
)
