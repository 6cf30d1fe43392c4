"""USAGE_DROP_PERCENT: the last 30 days brought half of what the 90 days before brought in 30, or less."""

from revloop.contracts.generated.events import Severity
from revloop.tenants import SignalSettings
from services.perception.core.detector import (
    AccountDetector,
    Facet,
    Fields,
    Figures,
    Judged,
    Kind,
    Look,
    Scene,
)
from services.perception.core.facets.usage import compared, windows

STRONG_PERCENT = 80.0


def look(scene: Scene) -> Look:
    """The last 30 days against the 90 days before, where there is enough to compare."""
    found = windows(scene.view, scene.profile, scene.as_of)
    return Look((compared(found),) if found.comparable else (), found.next_at)


def judge(figures: Figures, settings: SignalSettings) -> Judged | None:
    """Value: percent of the usual 30 days that is missing."""
    usage = figures["usage_30_days"]
    recent, before = float(usage.after or 0), float(usage.before or 0)
    if before <= 0 or recent * 300 > before * (100 - settings.usage_drop_percent):
        return None
    missing = round(100.0 * (1.0 - 3.0 * recent / before), 2)
    return Judged(Severity.high if missing >= STRONG_PERCENT else Severity.medium, missing)


_ONE: Fields = {"metric": "export", "quantity": 1}
_THREE_A_MONTH = [("usage", day, _ONE) for day in range(10, 100, 10)]

DETECTOR = AccountDetector(
    signal_type="USAGE_DROP_PERCENT",
    version=1,
    kind=Kind.AGE,
    looks_at=frozenset({Facet.USAGE, Facet.ACCOUNT}),
    look=look,
    judge=judge,
    fires=[
        ("nothing any more", _THREE_A_MONTH, 125),
        ("one where three were usual", [*_THREE_A_MONTH, ("usage", 110, _ONE)], 125),
    ],
    silent=[
        ("as usual", [*_THREE_A_MONTH, *(("usage", day, _ONE) for day in (110, 120, 125))], 125),
        ("two of three", [*_THREE_A_MONTH, ("usage", 110, _ONE), ("usage", 120, _ONE)], 125),
        ("too little to compare", [("usage", 50, _ONE), ("usage", 60, _ONE)], 125),
    ],
)
