"""DEADLINE_MISSED: a day after it was due nothing has been delivered; two weeks later it is history."""

from revloop.contracts.generated.events import AccountView, DeadlineFact, Severity
from revloop.contracts.times import DAY_MS, iso
from revloop.tenants import Profile
from services.perception.core.contracts import has_ended
from services.perception.core.detector import AccountDetector, Condition, Facet, Fields, Figure, Holds


def condition(view: AccountView, profile: Profile, as_of: int) -> Condition:
    """Value: how many deadlines in a row were missed, this one included."""
    if has_ended(view):
        return Condition()
    opens, closes = (days * DAY_MS for days in profile.signals.deadline_missed_days)
    holds: list[Holds] = []
    looks: list[int] = []
    row = 0
    for fact in sorted(_open(view), key=lambda fact: (fact.due, fact.key)):
        looks += [at for at in (fact.due + opens, fact.due + closes) if at > as_of]
        if fact.due + opens > as_of:
            continue
        row = 0 if fact.key in view.fulfilled else row + 1
        if row and as_of < fact.due + closes:
            holds.append(_holds(fact, row))
    return Condition(holds=tuple(holds), next_at=min(looks, default=None))


def _open(view: AccountView) -> list[DeadlineFact]:
    return [fact for fact in view.deadlines.values() if fact.counts]


def _holds(fact: DeadlineFact, row: int) -> Holds:
    return Holds(
        severity=Severity.high if row > 1 else Severity.medium,
        fields=(),
        value=float(row),
        episode=fact.entity.entity_id,
        subject=fact.entity,
        figures=(Figure(name="due", after=iso(fact.due)), Figure(name="missed_in_a_row", after=row)),
    )


_DAY = 86_400_000
_DUE: Fields = {"key": "k1", "due": iso(100 * _DAY)}

DETECTOR = AccountDetector(
    signal_type="DEADLINE_MISSED",
    version=1,
    looks_at=frozenset({Facet.DEADLINES, Facet.CONTRACTS}),
    condition=condition,
    fires=[
        ("a day late", [("deadline", 50, _DUE)], 101),
        ("two weeks late", [("deadline", 50, _DUE)], 114),
        ("something else was delivered", [("deadline", 50, _DUE), ("fulfilment", 99, {"key": "k2"})], 101),
    ],
    silent=[
        ("due today", [("deadline", 50, _DUE)], 100),
        ("history", [("deadline", 50, _DUE)], 115),
        ("delivered", [("deadline", 50, _DUE), ("fulfilment", 99, {"key": "k1"})], 101),
        ("delivered before it was asked for", [("fulfilment", 20, {"key": "k1"}), ("deadline", 50, _DUE)], 101),
        ("done", [("deadline", 50, {**_DUE, "done": True})], 101),
        (
            "the contract was ended",
            [("deadline", 50, _DUE), ("contract", 60, {"number": "1", "status": "canceled"})],
            101,
        ),
    ],
)
