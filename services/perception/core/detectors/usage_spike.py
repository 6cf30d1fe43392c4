"""USAGE_SPIKE: the last 30 days brought half as much again as the 90 days before brought in 30, or more."""

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


def look(scene: Scene) -> Look:
    """The last 30 days against the 90 days before, where there is enough to compare."""
    found = windows(scene.view, scene.profile, scene.as_of)
    return Look((compared(found),) if found.comparable else (), found.next_at)


def judge(figures: Figures, settings: SignalSettings) -> Judged | None:
    """Value: the last 30 days in percent of the usual ones."""
    usage = figures["usage_30_days"]
    recent, before = float(usage.after or 0), float(usage.before or 0)
    if before <= 0 or recent * 300 < before * settings.usage_spike_percent:
        return None
    return Judged(Severity.low, round(300.0 * recent / before, 2))


_ONE: Fields = {"metric": "export", "quantity": 1}
_THREE_A_MONTH = [("usage", day, _ONE) for day in range(10, 100, 10)]

DETECTOR = AccountDetector(
    signal_type="USAGE_SPIKE",
    version=1,
    kind=Kind.AGE,
    looks_at=frozenset({Facet.USAGE, Facet.ACCOUNT}),
    look=look,
    judge=judge,
    fires=[("five where three were usual", [*_THREE_A_MONTH, *(("usage", d, _ONE) for d in range(105, 125, 4))], 125)],
    silent=[
        ("four where three were usual", [*_THREE_A_MONTH, *(("usage", d, _ONE) for d in range(105, 125, 5))], 125),
        ("nothing to compare with", [("usage", d, _ONE) for d in range(105, 125)], 125),
    ],
)
