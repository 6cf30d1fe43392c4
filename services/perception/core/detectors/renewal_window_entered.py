"""RENEWAL_WINDOW_ENTERED: a contract ends within 90, 60 and 30 days; cleared when renewed or when that has passed."""

from revloop.contracts.generated.events import AccountView, Severity
from revloop.contracts.times import DAY_MS, iso
from revloop.tenants import Profile
from services.perception.core.contracts import Contract, days_left, running
from services.perception.core.detector import AccountDetector, Condition, Facet, Fields, Figure, Holds

STEPS = (Severity.medium, Severity.high, Severity.critical)


def condition(view: AccountView, profile: Profile, as_of: int) -> Condition:
    """Value: days left when it opened or rose."""
    days = profile.signals.renewal_window_days
    holds: list[Holds] = []
    looks: list[int] = []
    for contract in running(view, profile):
        left = days_left(contract, as_of)
        looks += [at for step in (*days, 0) if (at := contract.ends - step * DAY_MS) > as_of]
        if 0 < left <= days[0]:
            reached = sum(left <= step for step in days) - 1
            holds.append(_holds(contract, STEPS[reached], left))
    return Condition(holds=tuple(holds), next_at=min(looks, default=None))


def _holds(contract: Contract, severity: Severity, left: int) -> Holds:
    return Holds(
        severity=severity,
        fields=(),
        value=float(left),
        episode=contract.number,
        subject=contract.entity,
        figures=(Figure(name="contract_ends", after=iso(contract.ends)), Figure(name="days_left", after=left)),
    )


_DAY = 86_400_000
_YEAR: Fields = {"number": "S-1", "starts": iso(0), "ends": iso(365 * _DAY)}

DETECTOR = AccountDetector(
    signal_type="RENEWAL_WINDOW_ENTERED",
    version=1,
    looks_at=frozenset({Facet.CONTRACTS}),
    condition=condition,
    fires=[
        ("90 days left", [("contract", 1, _YEAR)], 275),
        ("a day left", [("contract", 1, _YEAR)], 364),
    ],
    silent=[
        ("91 days left", [("contract", 1, _YEAR)], 274),
        ("the end has come", [("contract", 1, _YEAR)], 365),
        ("ended before", [("contract", 1, {**_YEAR, "ended_at": iso(200 * _DAY)})], 275),
        ("a trial", [("contract", 1, {**_YEAR, "trial": True})], 275),
        (
            "a month at a time",
            [("contract", 260, {"number": "S-2", "starts": iso(260 * _DAY), "ends": iso(290 * _DAY)})],
            275,
        ),
    ],
)
