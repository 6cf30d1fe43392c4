"""STAKEHOLDER_CHANGED: people came, went or changed their role on the account; one signal for each such day."""

from revloop.contracts.generated.events import AccountView, Severity
from revloop.contracts.times import DAY_MS, day_of
from revloop.tenants import Profile
from services.perception.core.detector import AccountDetector, Condition, Facet, Fields, Figure, Happened

CRITICAL_ROLES = frozenset({"champion", "economic_buyer", "economic buyer"})


def condition(view: AccountView, profile: Profile, as_of: int) -> Condition:
    """Value: how many came and went. The day must be over: who goes and comes back within it has not changed."""
    until = view.came_until
    if until is None or not view.came:
        return Condition()
    if as_of < until:
        return Condition(next_at=until)
    added = sum(count for count in view.came.values() if count > 0)
    removed = -sum(count for count in view.came.values() if count < 0)
    lost = any(count < 0 and _role(person) in CRITICAL_ROLES for person, count in view.came.items())
    return Condition(
        happened=Happened(
            severity=Severity.critical if lost else Severity.medium,
            ttl_ms=profile.signals.stakeholder_changed_ttl_days * DAY_MS,
            fields=(),
            value=float(added + removed),
            window=day_of(until - 1),
            figures=(
                Figure(name="added", after=added),
                Figure(name="removed", after=removed),
                Figure(name="critical_role_lost", after=lost),
            ),
        )
    )


def _role(person: str) -> str:
    return person.partition("|")[2].lower()


_ANN: Fields = {"contact_id": "ann", "role": "champion", "active": True}

DETECTOR = AccountDetector(
    signal_type="STAKEHOLDER_CHANGED",
    version=1,
    looks_at=frozenset({Facet.PEOPLE}),
    condition=condition,
    fires=[
        ("one came", [("stakeholder", 100, _ANN)], 100),
        ("one went", [("stakeholder", 90, _ANN), ("stakeholder", 100, {**_ANN, "active": False})], 100),
    ],
    silent=[
        ("the day is not over", [("stakeholder", 100, _ANN)], 99),
        ("came and went", [("stakeholder", 100, _ANN), ("stakeholder", 100, {**_ANN, "active": False})], 100),
    ],
)
