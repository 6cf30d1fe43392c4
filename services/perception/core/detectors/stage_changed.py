"""STAGE_CHANGED: the stage differs, whichever direction."""

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import DAY_MS
from services.perception.core.detector import EventDetector, Fields, Happened, View


def detect(before: Fields, after: Fields, view: View) -> Happened | None:
    """No value."""
    old, new = before.get("stage"), after.get("stage")
    if old is None or new is None or old == new:
        return None
    return Happened(
        severity=Severity.low, ttl_ms=view.profile.signals.stage_changed_ttl_days * DAY_MS, fields=("stage",)
    )


DETECTOR = EventDetector(
    signal_type="STAGE_CHANGED",
    version=1,
    entity_types=frozenset({"opportunity"}),
    looks_at=frozenset({"stage"}),
    detect=detect,
    fires=[
        ("forward", {"stage": "Design"}, {"stage": "Construction"}, 0),
        ("backward", {"stage": "Construction"}, {"stage": "Design"}, 0),
    ],
    silent=[
        ("first stage", {"stage": None}, {"stage": "Design"}, 0),
        ("stage lost", {"stage": "Design"}, {"stage": None}, 0),
    ],
)
