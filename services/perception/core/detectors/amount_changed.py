"""AMOUNT_CHANGED: the amount moved by a share that matters; downward weighs more."""

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import DAY_MS
from services.perception.core.detector import EventDetector, Fields, Happened, View

DEEP_CUT = -0.20


def detect(before: Fields, after: Fields, view: View) -> Happened | None:
    """Value: the change as a share of the amount before; any change from zero counts, and has no share."""
    old, new = before.get("amount"), after.get("amount")
    if not isinstance(old, float) or not isinstance(new, float) or new == old:
        return None
    share = (new - old) / abs(old) if old else None
    settings = view.profile.signals
    if share is not None and abs(share) < settings.amount_changed_min_share:
        return None
    deep = share is not None and share <= DEEP_CUT
    return Happened(
        severity=Severity.high if deep else Severity.medium,
        ttl_ms=settings.amount_changed_ttl_days * DAY_MS,
        fields=("amount",),
        value=None if share is None else round(share, 4),
    )


DETECTOR = EventDetector(
    signal_type="AMOUNT_CHANGED",
    version=1,
    entity_types=frozenset({"opportunity"}),
    looks_at=frozenset({"amount"}),
    detect=detect,
    fires=[
        ("five per cent up", {"amount": 100.0}, {"amount": 105.0}, 0),
        ("a third down", {"amount": 90.0}, {"amount": 60.0}, 0),
        ("from zero", {"amount": 0.0}, {"amount": 5.0}, 0),
    ],
    silent=[
        ("four per cent", {"amount": 100.0}, {"amount": 104.0}, 0),
        ("there was none", {"amount": None}, {"amount": 100.0}, 0),
    ],
)
