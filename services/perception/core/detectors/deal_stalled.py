"""DEAL_STALLED: an open deal in one stage for 30 days, or older than nine in ten of the closed deals became."""

from revloop.contracts.generated.events import DealFact, Severity
from revloop.contracts.tenant_values import CLOSED_CYCLE_P90_DAYS
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


def look(scene: Scene) -> Look:
    """Open deals, each with its age; looked at once a day, as what is usual moves with every deal that is closed."""
    as_of, usual = scene.as_of, scene.values.get(CLOSED_CYCLE_P90_DAYS)
    deals = [deal for _, deal in sorted(scene.view.deals.items())]
    still_ms = scene.profile.signals.deal_stalled_days * DAY_MS
    moving = any(as_of < deal.since + still_ms for deal in deals)
    return Look(tuple(_deal(deal, as_of, usual) for deal in deals), (as_of // DAY_MS + 1) * DAY_MS if moving else None)


def _deal(deal: DealFact, as_of: int, usual: float | None) -> Finding:
    age = None if deal.created is None else -(-(as_of - deal.created) // DAY_MS)
    return Finding(
        episode=deal.entity.entity_id,
        subject=deal.entity,
        figures=(
            Figure(name="stage", after=deal.stage, of=deal),
            Figure(name="stage_since", after=iso(deal.since), of=deal),
            Figure(name="days_in_stage", after=(as_of - deal.since) // DAY_MS, of=deal),
            Figure(name="days_open", after=age, of=deal),
            Figure(name=CLOSED_CYCLE_P90_DAYS, after=usual),
        ),
    )


def judge(figures: Figures, settings: SignalSettings) -> Judged | None:
    """No value."""
    still = number(figures["days_in_stage"]) >= settings.deal_stalled_days
    usual = figures[CLOSED_CYCLE_P90_DAYS].after
    old = isinstance(usual, float) and number(figures["days_open"]) > usual
    return Judged(Severity.medium) if still or old else None


_DAY = 86_400_000
_OPEN: Fields = {"stage": "Design", "created": iso(90 * _DAY)}

DETECTOR = AccountDetector(
    signal_type="DEAL_STALLED",
    version=1,
    kind=Kind.AGE,
    looks_at=frozenset({Facet.DEALS}),
    look=look,
    judge=judge,
    fires=[("30 days in one stage", [("opportunity", 100, _OPEN)], 130)],
    silent=[
        ("a day less", [("opportunity", 100, _OPEN)], 129),
        ("it moved", [("opportunity", 100, _OPEN), ("opportunity", 120, {**_OPEN, "stage": "Construction"})], 130),
        ("closed", [("opportunity", 100, _OPEN), ("opportunity", 120, {**_OPEN, "closed": True})], 130),
    ],
)
