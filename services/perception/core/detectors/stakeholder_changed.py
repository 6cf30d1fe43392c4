"""STAKEHOLDER_CHANGED: people came, went or changed their role on the account; one signal for each such day."""

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import day_of
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
from services.perception.core.facets.people import roles_of


def look(scene: Scene) -> Look:
    """Who came and who went. The day must be over: who goes and comes back within it has not changed."""
    until, came = scene.view.came_until, scene.view.came
    if until is None or not came:
        return Look()
    if scene.as_of < until:
        return Look(next_at=until)
    settings = scene.profile.signals
    critical = frozenset((*settings.champion_roles, *settings.buyer_roles))
    lost = any(count < 0 and roles_of(person.partition("|")[2]) & critical for person, count in came.items())
    day = Finding(
        episode=day_of(until - 1),
        figures=(
            Figure(name="added", after=sum(count for count in came.values() if count > 0)),
            Figure(name="removed", after=-sum(count for count in came.values() if count < 0)),
            Figure(name="critical_role_lost", after=lost),
        ),
    )
    return Look((day,))


def judge(figures: Figures, settings: SignalSettings) -> Judged | None:
    """Value: how many came and went."""
    moved = number(figures["added"]) + number(figures["removed"])
    lost = figures["critical_role_lost"].after is True
    return Judged(Severity.critical if lost else Severity.medium, moved) if moved else None


_ANN: Fields = {"contact_id": "ann", "role": "champion", "active": True}

DETECTOR = AccountDetector(
    signal_type="STAKEHOLDER_CHANGED",
    version=1,
    kind=Kind.DAY,
    looks_at=frozenset({Facet.PEOPLE}),
    look=look,
    judge=judge,
    ttl_days=lambda settings: settings.stakeholder_changed_ttl_days,
    fires=[
        ("one came", [("stakeholder", 100, _ANN)], 100),
        ("one went", [("stakeholder", 90, _ANN), ("stakeholder", 100, {**_ANN, "active": False})], 100),
    ],
    silent=[
        ("the day is not over", [("stakeholder", 100, _ANN)], 99),
        ("came and went", [("stakeholder", 100, _ANN), ("stakeholder", 100, {**_ANN, "active": False})], 100),
    ],
)
