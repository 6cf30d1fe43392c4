"""ACTION_EXECUTED: one of our own actions took effect, or its undo did."""

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import DAY_MS
from services.perception.core.detector import EventDetector, Fields, Happened, View

DONE = frozenset({"SUCCEEDED", "UNDONE"})


def detect(before: Fields, after: Fields, view: View) -> Happened | None:
    """No value."""
    if after.get("status") not in DONE:
        return None
    return Happened(severity=Severity.low, ttl_ms=view.profile.signals.action_ttl_days * DAY_MS, fields=("status",))


DETECTOR = EventDetector(
    signal_type="ACTION_EXECUTED",
    version=1,
    entity_types=frozenset({"action"}),
    looks_at=frozenset({"status"}),
    detect=detect,
    fires=[("done", {}, {"status": "SUCCEEDED"}, 0), ("taken back", {"status": "SUCCEEDED"}, {"status": "UNDONE"}, 0)],
    silent=[("failed", {}, {"status": "FAILED"}, 0)],
)
