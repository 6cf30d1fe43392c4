"""CHAMPION_SILENT: the champion gave no sign of life for 14 days, while a deal is open or a renewal near."""

from revloop.contracts.entities import EntityType
from revloop.contracts.generated.events import EntityRef, PersonFact, Severity
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
from services.perception.core.facets.activity import last_seen
from services.perception.core.facets.contracts import renewal_near
from services.perception.core.facets.people import champions


def look(scene: Scene) -> Look:
    """Champions, each with the days since the last sign of life; the first days of one count as one."""
    view, as_of, settings = scene.view, scene.as_of, scene.profile.signals
    people = champions(view, settings.champion_roles)
    near, changes = renewal_near(view, scene.profile, as_of)
    if not people or not (view.deals or near):
        return Look(next_at=min(changes, default=None) if people else None)
    found: list[Finding] = []
    looks = [*changes, *(one.at for one in view.meetings.values() if one.at > as_of)]
    for person in people:
        last = max(person.since, last_seen(view, person.contact_id, as_of) or 0)
        looks.append(last + settings.champion_silent_days * DAY_MS)
        found.append(_silence(person, last, as_of))
    return Look(tuple(found), min((at for at in looks if at > as_of), default=None))


def _silence(person: PersonFact, last: int, as_of: int) -> Finding:
    return Finding(
        episode=person.contact_id,
        subject=EntityRef(
            connector=person.entity.connector,
            entity_type=EntityType.CONTACT,
            entity_id=person.contact_id,
            entity_key=person.contact_id,
        ),
        figures=(
            Figure(name="contact_id", after=person.contact_id, of=person),
            Figure(name="last_activity", after=iso(last), of=person),
            Figure(name="days_silent", after=(as_of - last) // DAY_MS, of=person),
        ),
    )


def judge(figures: Figures, settings: SignalSettings) -> Judged | None:
    """Value: days after which it opens."""
    silent = number(figures["days_silent"]) >= settings.champion_silent_days
    return Judged(Severity.high, float(settings.champion_silent_days)) if silent else None


_DAY = 86_400_000
_ANN: Fields = {"contact_id": "ann", "role": "Champion", "active": True}
_DEAL: Fields = {"stage": "Design"}
_MAIL: Fields = {"contact_id": "ann", "direction": "incoming_email"}

DETECTOR = AccountDetector(
    signal_type="CHAMPION_SILENT",
    version=1,
    kind=Kind.AGE,
    looks_at=frozenset({Facet.ACTIVITY, Facet.CONTRACTS, Facet.DEALS, Facet.MEETINGS, Facet.PEOPLE}),
    look=look,
    judge=judge,
    fires=[
        ("two weeks", [("stakeholder", 100, _ANN), ("opportunity", 100, _DEAL)], 114),
        (
            "only we wrote",
            [
                ("stakeholder", 100, _ANN),
                ("opportunity", 100, _DEAL),
                ("interaction", 110, {**_MAIL, "direction": "email"}),
            ],
            114,
        ),
    ],
    silent=[
        ("a day less", [("stakeholder", 100, _ANN), ("opportunity", 100, _DEAL)], 113),
        ("nothing is at stake", [("stakeholder", 100, _ANN)], 114),
        ("wrote", [("stakeholder", 100, _ANN), ("opportunity", 100, _DEAL), ("interaction", 110, _MAIL)], 114),
        (
            "met",
            [
                ("contact", 100, {"email": "ann@acme.example"}, "ann"),
                ("stakeholder", 100, _ANN),
                ("opportunity", 100, _DEAL),
                ("meeting", 100, {"starts": iso(105 * _DAY), "external_attendees": "ann@acme.example"}),
            ],
            114,
        ),
    ],
)
