"""RENEWAL_WINDOW_ENTERED: a contract ends within 90, 60 and 30 days; cleared when renewed or when that has passed."""

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import DAY_MS, iso
from revloop.tenants import SignalSettings
from services.perception.core.detector import (
    AccountDetector,
    Facet,
    Fields,
    Figure,
    Figures,
    Finding,
    Judged,
    Kind,
    Look,
    Scene,
    number,
)
from services.perception.core.facets.contracts import days_left, renewable

STEPS = (Severity.medium, Severity.high, Severity.critical)


def look(scene: Scene) -> Look:
    """Contracts that people renew, with the days that are left."""
    days, as_of = scene.profile.signals.renewal_window_days, scene.as_of
    found: list[Finding] = []
    looks: list[int] = []
    for contract, ends in renewable(scene.view, scene.profile):
        looks += [at for step in (*days, 0) if (at := ends - step * DAY_MS) > as_of]
        told = contract.first
        figures = (
            Figure(name="contract_ends", after=iso(ends), of=told),
            Figure(name="days_left", after=days_left(ends, as_of), of=told),
        )
        found.append(Finding(episode=contract.number, subject=told.entity, figures=figures))
    return Look(tuple(found), min(looks, default=None))


def judge(figures: Figures, settings: SignalSettings) -> Judged | None:
    """Value: days left when it opened or rose."""
    left, days = number(figures["days_left"]), settings.renewal_window_days
    if not 0 < left <= days[0]:
        return None
    return Judged(STEPS[sum(left <= step for step in days) - 1], left)


_DAY = 86_400_000
_YEAR: Fields = {"number": "S-1", "starts": iso(0), "ends": iso(365 * _DAY)}

DETECTOR = AccountDetector(
    signal_type="RENEWAL_WINDOW_ENTERED",
    version=1,
    kind=Kind.AGE,
    looks_at=frozenset({Facet.CONTRACTS}),
    look=look,
    judge=judge,
    fires=[
        ("90 days left", [("contract", 1, _YEAR)], 275),
        ("a day left", [("contract", 1, _YEAR)], 364),
    ],
    silent=[
        ("91 days left", [("contract", 1, _YEAR)], 274),
        ("the end has come", [("contract", 1, _YEAR)], 365),
        ("ended before", [("contract", 1, {**_YEAR, "ended_at": iso(200 * _DAY)})], 275),
        ("a trial", [("contract", 1, {**_YEAR, "trial": True})], 275),
        ("not signed yet", [("contract", 1, {**_YEAR, "status": "Draft"})], 275),
        (
            "a month at a time",
            [("contract", 260, {"number": "S-2", "starts": iso(260 * _DAY), "ends": iso(290 * _DAY)})],
            275,
        ),
    ],
)
