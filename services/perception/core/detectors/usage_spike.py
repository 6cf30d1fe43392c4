"""USAGE_SPIKE: the last 30 days brought half as much again as the 90 days before brought in 30, or more."""

from revloop.contracts.generated.events import AccountView, Severity
from revloop.tenants import Profile
from services.perception.core.detector import AccountDetector, Condition, Facet, Fields, Figure, Holds
from services.perception.core.usage import windows


def condition(view: AccountView, profile: Profile, as_of: int) -> Condition:
    """Value: the last 30 days in percent of the usual ones."""
    found = windows(view, profile, as_of)
    if not found.comparable or found.recent * 300 < found.before * profile.signals.usage_spike_percent:
        return Condition(next_at=found.next_at)
    holds = Holds(
        severity=Severity.low,
        fields=(),
        value=round(300.0 * found.recent / found.before, 2),
        figures=(Figure(name="usage_30_days", before=found.before, after=found.recent),),
    )
    return Condition(holds=(holds,), next_at=found.next_at)


_ONE: Fields = {"metric": "export", "quantity": 1}
_THREE_A_MONTH = [("usage", day, _ONE) for day in range(10, 100, 10)]

DETECTOR = AccountDetector(
    signal_type="USAGE_SPIKE",
    version=1,
    looks_at=frozenset({Facet.USAGE, Facet.ACCOUNT}),
    condition=condition,
    fires=[("five where three were usual", [*_THREE_A_MONTH, *(("usage", d, _ONE) for d in range(105, 125, 4))], 125)],
    silent=[
        ("four where three were usual", [*_THREE_A_MONTH, *(("usage", d, _ONE) for d in range(105, 125, 5))], 125),
        ("nothing to compare with", [("usage", d, _ONE) for d in range(105, 125)], 125),
    ],
)
