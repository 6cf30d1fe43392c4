"""One record and the view of its account come in; the view with the record taken in, or taken out, goes out.

What no signal looks at any more is forgotten: old days of usage, meetings held long ago, deadlines that are history.
Contracts and meetings to come are as many as the account has.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from revloop.contracts.entities import EntityType
from revloop.contracts.generated.events import (
    AccountView,
    ContractFact,
    DeadlineFact,
    Snapshot,
    SnapshotChange,
    UsageDay,
)
from revloop.contracts.times import DAY_MS, parse_iso
from revloop.tenants import Profile
from services.perception.core.detector import Facet

USAGE_DAYS = 121
"""The longest window looks back 120 days."""
KEPT_MEETINGS = 8
"""Of those held: enough to find the last one again when some are called off afterwards."""
KEPT_DEADLINES = 60
"""Of those that are history."""
KEPT_FULFILLED = 200
ENDED = frozenset({"canceled", "cancelled", "ended", "expired", "terminated"})
"""States of a contract that every vendor's word for an end comes to; a tenant may name more."""

V = TypeVar("V")


class Fold(msgspec.Struct, frozen=True):
    """How records of one type are taken in."""

    facet: Facet
    take: Callable[[AccountView, Snapshot, Profile], AccountView]


def day_of(at: int) -> int:
    """The day (counted from the epoch) that ends at or after a moment: midnight belongs to the day that ends there."""
    return -(-at // DAY_MS)


def _is_gone(snapshot: Snapshot) -> bool:
    return snapshot.change is SnapshotChange.left


def _name(snapshot: Snapshot) -> str:
    entity = snapshot.entity
    return f"{entity.connector}|{entity.entity_type}|{entity.entity_id}"


def _text(snapshot: Snapshot, name: str) -> str:
    value = snapshot.fields.get(name)
    return value if isinstance(value, str) else ""


def _moment(snapshot: Snapshot, name: str) -> int | None:
    value = snapshot.fields.get(name)
    return parse_iso(value) if isinstance(value, str) else None


def _with(entries: Mapping[str, V], name: str, entry: V | None) -> dict[str, V]:
    """``entries`` with one more, or with one less."""
    kept = {key: value for key, value in entries.items() if key != name}
    if entry is not None:
        kept[name] = entry
    return kept


def _account(view: AccountView, snapshot: Snapshot, profile: Profile) -> AccountView:
    created = None if _is_gone(snapshot) else _moment(snapshot, "created")
    if created is None or (view.created is not None and view.created <= created):
        return view  # of several systems the one that knew it first
    return replace(view, created=created)


def _usage(view: AccountView, snapshot: Snapshot, profile: Profile) -> AccountView:
    metrics = profile.signals.usage_metrics
    if metrics and snapshot.fields.get("metric") not in metrics:
        return view
    quantity = snapshot.fields.get("quantity")
    amount = float(quantity) if isinstance(quantity, int | float) else 1.0
    sign = -1 if _is_gone(snapshot) else 1
    day = str(day_of(snapshot.occurred_at))
    known = view.usage.get(day)
    events, total = (known.events, known.amount) if known else (0, 0.0)
    now = UsageDay(events=events + sign, amount=total + sign * amount)
    return replace(view, usage=_with(view.usage, day, now if now.events > 0 else None))


def _meetings(view: AccountView, snapshot: Snapshot, profile: Profile) -> AccountView:
    starts = _moment(snapshot, "starts")
    held = None if _is_gone(snapshot) or snapshot.fields.get("cancelled") is True else starts
    if view.meetings.get(_name(snapshot)) == held:
        return view
    return replace(view, meetings=_with(view.meetings, _name(snapshot), held))


def _contracts(view: AccountView, snapshot: Snapshot, profile: Profile) -> AccountView:
    fact = None if _is_gone(snapshot) else _contract(snapshot, profile)
    return replace(view, contracts=_with(view.contracts, _name(snapshot), fact))


def _contract(snapshot: Snapshot, profile: Profile) -> ContractFact:
    status = _text(snapshot, "status")
    ended = snapshot.fields.get("ended_at") is not None or status.lower() in ENDED or status in profile.ended_statuses
    return ContractFact(
        entity=snapshot.entity,
        number=_text(snapshot, "number") or snapshot.entity.entity_id,
        starts=_moment(snapshot, "starts"),
        ends=_moment(snapshot, "ends"),
        ended=ended,
        trial=snapshot.fields.get("trial") is True,
        snapshot_id=snapshot.snapshot_id,
        observed_at=snapshot.observed_at,
    )


def _deadlines(view: AccountView, snapshot: Snapshot, profile: Profile) -> AccountView:
    due = _moment(snapshot, "due")
    fact = None
    if not _is_gone(snapshot) and due is not None:
        left_out = _text(snapshot, "kind") in profile.signals.deadline_kinds_left_out
        fact = DeadlineFact(
            entity=snapshot.entity,
            key=_text(snapshot, "key") or snapshot.entity.entity_id,
            due=due,
            counts=not left_out and snapshot.fields.get("done") is not True,
            snapshot_id=snapshot.snapshot_id,
            observed_at=snapshot.observed_at,
        )
    kept = _with(view.deadlines, _name(snapshot), fact)
    history = snapshot.observed_at - profile.signals.deadline_missed_days[1] * DAY_MS
    past = sorted((found.due, name) for name, found in kept.items() if found.due <= history)
    for _, name in past[: max(0, len(kept) - KEPT_DEADLINES)]:
        del kept[name]  # what is still to come, or may be missed now, stays
    return replace(view, deadlines=kept)


def _fulfilled(view: AccountView, snapshot: Snapshot, profile: Profile) -> AccountView:
    key = _text(snapshot, "key")
    if not key or (
        not _is_gone(snapshot) and view.fulfilled.get(key, snapshot.occurred_at + 1) <= snapshot.occurred_at
    ):
        return view
    kept = _with(view.fulfilled, key, None if _is_gone(snapshot) else snapshot.occurred_at)
    if len(kept) > KEPT_FULFILLED:
        del kept[min(kept, key=lambda name: (kept[name], name))]
    return replace(view, fulfilled=kept)


def _people(view: AccountView, snapshot: Snapshot, profile: Profile) -> AccountView:
    """What was there when a source was first read is no news; the rest is counted on the day on which it was seen."""
    active = not _is_gone(snapshot) and snapshot.fields.get("active") is not False
    person = f"{_text(snapshot, 'contact_id')}|{_text(snapshot, 'post') or _text(snapshot, 'role')}"
    before, after = view.people.get(_name(snapshot)), person if active else None
    if before == after:
        return view
    moved = replace(view, people=_with(view.people, _name(snapshot), after))
    if snapshot.baseline:
        return moved
    came = dict(view.came)
    for name, change in ((before, -1), (after, 1)):
        if name is not None:
            came[name] = came.get(name, 0) + change
    net = {name: count for name, count in came.items() if count}
    return replace(moved, came=net, came_until=day_of(snapshot.observed_at) * DAY_MS)


def forget(view: AccountView, profile: Profile, now: int) -> AccountView:
    """Let go of what no signal looks at any more."""
    first = day_of(now) - USAGE_DAYS
    changes: dict[str, object] = {}
    if any(int(day) < first for day in view.usage):
        changes["usage"] = {day: used for day, used in view.usage.items() if int(day) >= first}
    held = sorted((at, name) for name, at in view.meetings.items() if at <= now)
    if len(held) > KEPT_MEETINGS:
        gone = {name for _, name in held[:-KEPT_MEETINGS]}
        changes["meetings"] = {name: at for name, at in view.meetings.items() if name not in gone}
    if view.came_until is not None and view.came_until <= now:
        changes |= {"came": {}, "came_until": None}
    return replace(view, **changes) if changes else view


FOLDS: Mapping[str, Fold] = {
    EntityType.ACCOUNT: Fold(Facet.ACCOUNT, _account),
    EntityType.USAGE: Fold(Facet.USAGE, _usage),
    EntityType.MEETING: Fold(Facet.MEETINGS, _meetings),
    EntityType.CONTRACT: Fold(Facet.CONTRACTS, _contracts),
    EntityType.DEADLINE: Fold(Facet.DEADLINES, _deadlines),
    EntityType.FULFILMENT: Fold(Facet.DEADLINES, _fulfilled),
    EntityType.STAKEHOLDER: Fold(Facet.PEOPLE, _people),
}
"""By entity type; records of other types say nothing of their account as a whole."""
