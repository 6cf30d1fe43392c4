"""ACCOUNT_ACTIVATED: an account becomes a target."""

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import DAY_MS
from services.perception.core.detector import EventDetector, Fields, Happened, View


def detect(before: Fields, after: Fields, view: View) -> Happened | None:
    """No value."""
    if after.get("target") is not True or before.get("target") is True:
        return None
    ttl_ms = view.profile.signals.account_activated_ttl_days * DAY_MS
    return Happened(severity=Severity.medium, ttl_ms=ttl_ms, fields=("target",))


DETECTOR = EventDetector(
    signal_type="ACCOUNT_ACTIVATED",
    version=1,
    entity_types=frozenset({"account"}),
    looks_at=frozenset({"target"}),
    detect=detect,
    fires=[("marked", {"target": False}, {"target": True}, 0), ("marked from the start", None, {"target": True}, 0)],
    silent=[("no target any more", {"target": True}, {"target": False}, 0), ("not said", {}, {"name": "Acme"}, 0)],
)
