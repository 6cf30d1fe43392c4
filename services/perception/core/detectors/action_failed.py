"""ACTION_FAILED: one of our own actions, or its undo, did not take effect."""

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import DAY_MS
from services.perception.core.detector import EventDetector, Fields, Happened, View

FAILED = frozenset({"FAILED", "CANCELLED", "UNDO_REFUSED"})


def detect(before: Fields, after: Fields, view: View) -> Happened | None:
    """No value."""
    if after.get("status") not in FAILED:
        return None
    ttl_ms = view.profile.signals.action_ttl_days * DAY_MS
    return Happened(severity=Severity.medium, ttl_ms=ttl_ms, fields=("status", "error"))


DETECTOR = EventDetector(
    signal_type="ACTION_FAILED",
    version=1,
    entity_types=frozenset({"action"}),
    looks_at=frozenset({"status"}),
    detect=detect,
    fires=[("failed", {}, {"status": "FAILED", "error": "CONFLICT"}, 0)],
    silent=[("done", {}, {"status": "SUCCEEDED"}, 0)],
)
