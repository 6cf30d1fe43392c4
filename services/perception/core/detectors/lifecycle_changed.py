"""LIFECYCLE_CHANGED: by its records an account became a suspect, a customer, a lost one, or a prospect again."""

from revloop.contracts.generated.events import Severity
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
from services.perception.core.facets.contracts import signed

STAGES = ("PROSPECT", "SUSPECT", "CUSTOMER", "CHURNED")
SEVERITIES = (Severity.low, Severity.medium, Severity.medium, Severity.high)
COUNTER = "lifecycle"


def look(scene: Scene) -> Look:
    """Contracts in force and past, and whether the account was ever in touch; trials make no customer."""
    view, as_of = scene.view, scene.as_of
    contracts = [one for one in signed(view) if not one.trial]
    running = sum(one.holds(as_of) for one in contracts)
    begun = sum(one.began(as_of) for one in contracts)
    engaged = view.engaged_at is not None or any(one.at <= as_of for one in view.meetings.values())
    before = STAGES[view.counters.get(COUNTER, 0)]
    after = _stage(running, begun, engaged=engaged, churned=view.churned)
    figures = (
        Figure(name="lifecycle", before=before, after=after),
        Figure(name="contracts_in_force", after=running),
        Figure(name="contracts_begun", after=begun),
        Figure(name="engaged", after=engaged),
        Figure(name="churned", after=view.churned),
    )
    bounds = [at for one in contracts if not one.ended for at in (one.starts, one.ends) if at is not None]
    bounds += [one.at for one in view.meetings.values()]
    found = Finding(figures=figures, counters={COUNTER: STAGES.index(after)}, news=scene.news)
    return Look((found,), min((at for at in bounds if at > as_of), default=None))


def judge(figures: Figures, settings: SignalSettings) -> Judged | None:
    """No value; the stage before and after is evidence."""
    after = _stage(
        number(figures["contracts_in_force"]),
        number(figures["contracts_begun"]),
        engaged=figures["engaged"].after is True,
        churned=figures["churned"].after is True,
    )
    return None if after == figures["lifecycle"].before else Judged(SEVERITIES[STAGES.index(after)])


def _stage(running: float, begun: float, *, engaged: bool, churned: bool) -> str:
    if running:
        return "CUSTOMER"
    if begun or churned:
        return "CHURNED"
    return "SUSPECT" if engaged else "PROSPECT"


_YEAR: Fields = {"number": "1", "starts": "1970-01-01T00:00:00Z", "ends": "1970-04-11T00:00:00Z"}

DETECTOR = AccountDetector(
    signal_type="LIFECYCLE_CHANGED",
    version=1,
    kind=Kind.EVENT,
    looks_at=frozenset({Facet.ACCOUNT, Facet.ACTIVITY, Facet.CONTRACTS, Facet.MEETINGS}),
    look=look,
    judge=judge,
    ttl_days=lambda settings: settings.lifecycle_changed_ttl_days,
    fires=[
        ("a customer", [("contract", 50, _YEAR)], 50),
        ("lost", [("contract", 50, _YEAR)], 100),
        ("in touch", [("interaction", 50, {"direction": "incoming_email"})], 50),
    ],
    silent=[
        ("a trial", [("contract", 50, {**_YEAR, "trial": True})], 50),
        ("not signed yet", [("contract", 50, {**_YEAR, "status": "draft"})], 50),
        ("not begun", [("contract", 50, {**_YEAR, "starts": "1970-04-01T00:00:00Z"})], 60),
    ],
)
