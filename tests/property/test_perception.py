"""Laws of perception: replay, order within versions, what goes in comes out again, and nothing knows the future."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from revloop.contracts import codec
from revloop.contracts.generated.events import (
    Envelope,
    SignalChange,
    SignalChangeKind,
    Snapshot,
    SnapshotChange,
    Tick,
)
from revloop.contracts.times import DAY_MS, iso
from services.perception.core.again import judge_again
from services.perception.core.detector import AccountDetector, Detector, Judged
from services.perception.core.work import name_of
from tests.unit.perception.desk import DETECTORS, PROFILE, Desk, clock, snapshot, timeless

DAYS = st.integers(1, 160)
KINDS = st.sampled_from(
    [
        "usage", "meeting", "contract", "deadline", "fulfilment", "stakeholder", "account", "opportunity",
        "support_case", "interaction", "contact",
    ]
)  # fmt: skip
ORDERED = ("stakeholder", "opportunity", "interaction", "contact")
STAGES = ("Scoping/Planning", "Design", "Construction", "Design", None)


def fields_of(kind: str, day: int, pick: int) -> dict[str, object]:
    return {
        "usage": {"metric": "export", "quantity": pick, "contract": f"n{pick % 2}"},
        "meeting": {
            "starts": iso((day + pick) * DAY_MS), "cancelled": pick == 3, "external_attendees": "p1@acme.example",
        },
        "contract": {
            "number": f"n{pick % 2}", "starts": iso(0), "ends": iso((200 + 30 * pick) * DAY_MS), "trial": pick == 4,
        },
        "deadline": {"key": f"k{pick}", "due": iso((day + 5 * pick) * DAY_MS), "done": pick == 4},
        "fulfilment": {"key": f"k{pick}"},
        "stakeholder": {
            "contact_id": f"p{pick % 3}", "role": ("Champion", "Economic Buyer")[pick % 2], "active": pick != 2,
            "opportunity_id": ("", "1")[pick // 2 % 2],
        },
        "account": {"created": iso(pick * DAY_MS), "target": pick > 2},
        "opportunity": {
            "stage": STAGES[pick], "amount": (10.0, 20.0, -1.0, None, 10.2)[pick], "created": iso(0),
            "close_date": (None, "2024-01-01", "2024-06-01", "2023-01-01", "2077-01-01")[pick], "closed": False,
        },
        "support_case": {
            "created": iso(day * DAY_MS - pick), "priority": ("1", "4")[pick % 2], "escalated": pick == 1,
            "status_category": ("new", "done")[pick == 2], "reopen_count": pick, "status": "s",
        },
        "interaction": {"direction": "incoming_email", "contact_id": f"p{pick % 3}"},
        "contact": {"email": f"p{pick % 3}@acme.example"},
    }[kind]  # fmt: skip


@st.composite
def records(draw: st.DrawFn) -> list[Snapshot]:
    """Records of one account in order of time; each its own version."""
    drawn = draw(st.lists(st.tuples(KINDS, DAYS, st.integers(0, 4), st.integers(0, 2)), max_size=25))
    drawn.sort(key=lambda one: one[1])
    found = []
    for version, (kind, day, pick, entity) in enumerate(drawn, 1):
        number = (
            f"u{version}" if kind in ("usage", "fulfilment") else f"p{entity}" if kind == "contact" else str(entity)
        )
        found.append(snapshot(kind, day * DAY_MS, fields_of(kind, day, pick), number=number, version=version))  # type: ignore[arg-type]  # scalars
    return found


def with_ticks(found: Sequence[Snapshot], last: int = 170) -> list[Envelope]:
    """A tick after every day's records."""
    events: list[Envelope] = []
    rest = list(found)
    for day in range(last + 1):
        while rest and rest[0].observed_at <= day * DAY_MS:
            events.append(rest.pop(0))
        events.append(clock(day * DAY_MS))
    return events


def run(events: Sequence[Envelope]) -> Desk:
    desk = Desk()
    desk.take(*events)
    return desk


def bytes_of(desk: Desk) -> list[bytes]:
    return [codec.encode(one) for one in desk.said]


@settings(max_examples=60)
@given(records())
def test_a_replay_says_the_same_bytes(found: list[Snapshot]) -> None:
    assert bytes_of(run(with_ticks(found))) == bytes_of(run(with_ticks(found)))


@settings(max_examples=60)
@given(records(), DAYS)
def test_nothing_said_before_a_moment_depends_on_what_comes_after(found: list[Snapshot], day: int) -> None:
    past = [one for one in found if one.observed_at <= day * DAY_MS]
    whole, cut = run(with_ticks(found)), run(with_ticks(past, last=day))
    assert [codec.encode(one) for one in whole.said if one.observed_at <= day * DAY_MS] == bytes_of(cut)


@settings(max_examples=60)
@given(records(), st.data())
def test_a_record_told_again_or_late_changes_nothing(found: list[Snapshot], data: st.DataObject) -> None:
    kept = [one for one in found if one.entity.entity_type not in ("usage", "fulfilment")]
    if not kept:
        return
    again = data.draw(st.sampled_from(kept))
    once, twice = run(kept), run([*kept, again])
    newest = max(one.version for one in kept if one.entity == again.entity)
    if again.version < newest:
        assert twice.view() == once.view()
    assert twice.said == once.said
    assert timeless(twice.view()) == timeless(once.view())


@settings(max_examples=60)
@given(records(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_view(found: list[Snapshot], dice: object) -> None:
    """Those aside whose arrival tells something: since when a person or a deal is what it is, and who was first."""
    kept = [one for one in found if one.entity.entity_type not in ORDERED]
    mixed = list(kept)
    dice.shuffle(mixed)  # type: ignore[attr-defined]  # a Random
    assert timeless(run(mixed).view()) == timeless(run(kept).view())


@settings(max_examples=60)
@given(records())
def test_what_leaves_leaves_nothing_behind(found: list[Snapshot]) -> None:
    kept = [one for one in found if one.entity.entity_type not in ORDERED]
    happenings = [one for one in kept if one.entity.entity_type == "usage"]
    last = {one.entity.entity_id + one.entity.entity_type: one for one in kept if one not in happenings}
    leaving = [
        snapshot(
            one.entity.entity_type, one.occurred_at, one.fields, number=one.entity.entity_id,
            change=SnapshotChange.left, version=one.version,
        )
        for one in (*happenings, *last.values())
    ]  # fmt: skip
    view = run([*kept, *leaving]).view()
    assert view is None or (view.usage, view.meetings, view.contracts, view.deadlines, view.cases) == (
        {},
        {},
        {},
        {},
        {},
    )


@settings(max_examples=150)
@given(records())
def test_a_signal_is_judged_again_from_its_evidence_alone(found: list[Snapshot]) -> None:
    by_name = {(name_of(one), isinstance(one, AccountDetector)): one for one in DETECTORS}
    for said in run(with_ticks(found)).said:
        if said.change not in (SignalChangeKind.opened, SignalChangeKind.raised, SignalChangeKind.happened):
            continue
        detectors = [one for of_account in (False, True) if (one := by_name.get((said.detector, of_account)))]
        judged = [judge_again(one, said, PROFILE) for one in detectors if _looks_at(one, said)]
        assert Judged(said.severity, said.value) in judged


def _looks_at(detector: Detector, said: SignalChange) -> bool:
    """Records and accounts share a type of signal: an account's figures are none of a record's fields."""
    fields = {item.field for item in said.evidence}
    of_account = bool(fields & {"other_ends", "first_use"}) if said.signal_type == "DATA_QUALITY" else None
    return of_account is None or isinstance(detector, AccountDetector) is of_account


def test_a_tick_costs_nothing_where_nothing_is_due() -> None:
    desk = Desk()
    desk.take(snapshot("meeting", 0, {"starts": iso(0)}))
    assert desk.view().due_at == 21 * DAY_MS  # type: ignore[union-attr]  # it is there
    handled = desk.take(clock(20 * DAY_MS))
    assert [type(emit.event) for emit in handled.emits] == [Tick]
