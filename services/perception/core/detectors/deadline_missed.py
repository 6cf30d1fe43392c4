"""DEADLINE_MISSED: a day after it was due nothing has been delivered; two weeks later it is history."""

from revloop.contracts.generated.events import DeadlineFact, Severity
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
from services.perception.core.facets.contracts import has_ended


def look(scene: Scene) -> Look:
    """Deadlines that are over, each with how many in a row were missed, this one included."""
    view, as_of = scene.view, scene.as_of
    if has_ended(view):
        return Look()
    opens, closes = (days * DAY_MS for days in scene.profile.signals.deadline_missed_days)
    found: list[Finding] = []
    looks: list[int] = []
    row = 0
    for fact in sorted([one for one in view.deadlines.values() if one.counts], key=lambda one: (one.due, one.key)):
        looks += [at for at in (fact.due + opens, fact.due + closes) if at > as_of]
        if fact.due + opens > as_of:
            continue
        row = 0 if fact.key in view.fulfilled else row + 1
        if row and as_of < fact.due + closes:
            found.append(_missed(fact, row, (as_of - fact.due) // DAY_MS))
    return Look(tuple(found), min(looks, default=None))


def _missed(fact: DeadlineFact, row: int, days: int) -> Finding:
    return Finding(
        episode=fact.entity.entity_id,
        subject=fact.entity,
        figures=(
            Figure(name="due", after=iso(fact.due), of=fact),
            Figure(name="days_late", after=days, of=fact),
            Figure(name="missed_in_a_row", after=row, of=fact),
        ),
    )


def judge(figures: Figures, settings: SignalSettings) -> Judged | None:
    """Value: how many deadlines in a row were missed."""
    opens, closes = settings.deadline_missed_days
    row = number(figures["missed_in_a_row"])
    if not row or not opens <= number(figures["days_late"]) < closes:
        return None
    return Judged(Severity.high if row > 1 else Severity.medium, row)


_DAY = 86_400_000
_DUE: Fields = {"key": "k1", "due": iso(100 * _DAY)}

DETECTOR = AccountDetector(
    signal_type="DEADLINE_MISSED",
    version=1,
    kind=Kind.AGE,
    looks_at=frozenset({Facet.DEADLINES, Facet.CONTRACTS}),
    look=look,
    judge=judge,
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
