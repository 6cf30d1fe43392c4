"""STAKEHOLDER_GAP: an open deal lacks a champion or a buyer, or hangs on one person; told for 60 days at most."""

from revloop.contracts.generated.events import DealFact, Severity
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
    Line,
    Look,
    Scene,
    number,
)
from services.perception.core.facets.people import on_deal, roles_of


def look(scene: Scene) -> Look:
    """Open deals, each with who is on it; where no system tells of any person, nothing tells of a gap either."""
    if not scene.view.people and not scene.view.emails:
        return Look()
    return Look(tuple(_deal(scene, deal) for _, deal in sorted(scene.view.deals.items())))


def _deal(scene: Scene, deal: DealFact) -> Finding:
    people = list(on_deal(scene.view, deal.entity.entity_id))
    roles = frozenset(role for person in people for role in roles_of(person.role))
    settings = scene.profile.signals
    return Finding(
        episode=deal.entity.entity_id,
        subject=deal.entity,
        figures=(
            Figure(name="people", after=len({person.contact_id for person in people}), of=deal),
            Figure(name="champion", after=not roles.isdisjoint(settings.champion_roles), of=deal),
            Figure(name="buyer", after=not roles.isdisjoint(settings.buyer_roles), of=deal),
        ),
    )


def judge(figures: Figures, settings: SignalSettings) -> Judged | None:
    """Value: how many people are on the deal."""
    people = number(figures["people"])
    complete = figures["champion"].after is True and figures["buyer"].after is True
    if complete and people >= settings.stakeholder_gap_min_people:
        return None
    return Judged(Severity.high, people)


_DEAL: Fields = {"stage": "Design"}
_ANN: Fields = {"contact_id": "ann", "role": "Champion", "opportunity_id": "1"}
_BOB: Fields = {"contact_id": "bob", "role": "Economic Buyer", "opportunity_id": "1"}
_BOTH: Fields = {"contact_id": "ann", "role": "Champion;Economic Buyer", "opportunity_id": "1"}
_KNOWN: Line = ("contact", 100, {"email": "ann@acme.example"}, "ann")

DETECTOR = AccountDetector(
    signal_type="STAKEHOLDER_GAP",
    version=1,
    kind=Kind.AGE,
    looks_at=frozenset({Facet.ACTIVITY, Facet.DEALS, Facet.PEOPLE}),
    look=look,
    judge=judge,
    ttl_days=lambda settings: settings.stakeholder_gap_ttl_days,
    fires=[
        ("nobody, though people are known", [("opportunity", 100, _DEAL), _KNOWN], 101),
        ("no buyer", [("opportunity", 100, _DEAL), ("stakeholder", 100, _ANN, "a")], 101),
        ("one for everything", [("opportunity", 100, _DEAL), ("stakeholder", 100, _BOTH, "a")], 101),
    ],
    silent=[
        (
            "complete",
            [("opportunity", 100, _DEAL), ("stakeholder", 100, _ANN, "a"), ("stakeholder", 100, _BOB, "b")],
            101,
        ),
        ("closed", [("opportunity", 100, {**_DEAL, "closed": True})], 101),
        ("for 60 days", [("opportunity", 100, _DEAL), _KNOWN], 161),
        ("nobody is known", [("opportunity", 100, _DEAL)], 101),
    ],
)
