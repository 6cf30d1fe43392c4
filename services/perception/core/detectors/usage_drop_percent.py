"""USAGE_DROP_PERCENT: the last 30 days brought half of what the 90 days before brought in 30, or less."""

from revloop.contracts.generated.events import AccountView, Severity
from revloop.tenants import Profile
from services.perception.core.detector import AccountDetector, Condition, Facet, Fields, Figure, Holds
from services.perception.core.usage import Windows, windows

STRONG_PERCENT = 80.0


def condition(view: AccountView, profile: Profile, as_of: int) -> Condition:
    """Value: percent of the usual 30 days that is missing."""
    found = windows(view, profile, as_of)
    percent = profile.signals.usage_drop_percent
    if not found.comparable or found.recent * 300 > found.before * (100 - percent):
        return Condition(next_at=found.next_at)
    return Condition(holds=(_holds(found),), next_at=found.next_at)


def _holds(found: Windows) -> Holds:
    missing = round(100.0 * (1.0 - 3.0 * found.recent / found.before), 2)
    return Holds(
        severity=Severity.high if missing >= STRONG_PERCENT else Severity.medium,
        fields=(),
        value=missing,
        figures=(Figure(name="usage_30_days", before=found.before, after=found.recent),),
    )


_ONE: Fields = {"metric": "export", "quantity": 1}
_THREE_A_MONTH = [("usage", day, _ONE) for day in range(10, 100, 10)]

DETECTOR = AccountDetector(
    signal_type="USAGE_DROP_PERCENT",
    version=1,
    looks_at=frozenset({Facet.USAGE, Facet.ACCOUNT}),
    condition=condition,
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
