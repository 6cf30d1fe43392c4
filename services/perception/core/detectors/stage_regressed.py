"""STAGE_REGRESSED: the stage moved backward in the tenant's order of stages."""

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import DAY_MS
from services.perception.core.detector import EventDetector, Fields, Happened, View


def detect(before: Fields, after: Fields, view: View) -> Happened | None:
    """Value: how many stages back, as a negative number; stages outside the order have no direction."""
    order = view.profile.stage_order
    old, new = order.get(str(before.get("stage"))), order.get(str(after.get("stage")))
    if old is None or new is None or new >= old:
        return None
    ttl_ms = view.profile.signals.stage_regressed_ttl_days * DAY_MS
    return Happened(severity=Severity.high, ttl_ms=ttl_ms, fields=("stage",), value=float(new - old))


DETECTOR = EventDetector(
    signal_type="STAGE_REGRESSED",
    version=1,
    entity_types=frozenset({"opportunity"}),
    looks_at=frozenset({"stage"}),
    detect=detect,
    fires=[("back to the drawing board", {"stage": "Construction"}, {"stage": "Design"}, 0)],
    silent=[
        ("forward", {"stage": "Design"}, {"stage": "Construction"}, 0),
        ("outside the order", {"stage": "Construction"}, {"stage": "IT"}, 0),
    ],
)
