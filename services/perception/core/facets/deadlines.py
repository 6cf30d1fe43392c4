"""What is due, and what was delivered."""

from msgspec.structs import replace

from revloop.contracts.generated.events import AccountView, DeadlineFact, FulfilmentFact
from revloop.contracts.times import DAY_MS
from services.perception.core.facets.change import Change, told_again, with_entry

KEPT_DEADLINES = 60
"""Of those that are history."""
KEPT_FULFILLED = 200


def take_deadline(view: AccountView, change: Change) -> AccountView:
    """Take in what is due; of what is history the latest are kept."""
    due, snapshot = change.moment("due"), change.snapshot
    fact = None
    if not change.gone and due is not None:
        left_out = change.text("kind") in change.profile.signals.deadline_kinds_left_out
        fact = DeadlineFact(
            entity=snapshot.entity,
            key=change.text("key") or snapshot.entity.entity_id,
            due=due,
            counts=not left_out and snapshot.fields.get("done") is not True,
            snapshot_id=snapshot.snapshot_id,
            observed_at=snapshot.observed_at,
        )
    if told_again(fact, view.deadlines.get(change.name)):
        return view
    kept = with_entry(view.deadlines, change.name, fact)
    history = snapshot.observed_at - change.profile.signals.deadline_missed_days[1] * DAY_MS
    past = sorted((found.due, name) for name, found in kept.items() if found.due <= history)
    for _, name in past[: max(0, len(kept) - KEPT_DEADLINES)]:
        del kept[name]  # what is still to come, or may be missed now, stays
    return replace(view, deadlines=kept)


def take_fulfilment(view: AccountView, change: Change) -> AccountView:
    """Take in what was delivered, or take it out; of several deliveries of one key the first counts."""
    key, at = change.text("key"), change.snapshot.occurred_at
    if not key:
        return view
    one = None if change.gone else FulfilmentFact(key=key, at=at)
    if one is not None and view.deliveries.get(change.name) == one:
        return view
    deliveries = with_entry(view.deliveries, change.name, one)
    if len(deliveries) > KEPT_FULFILLED:
        del deliveries[min(deliveries, key=lambda name: (deliveries[name].at, name))]
    view = replace(view, deliveries=deliveries)
    if change.gone:
        return _fulfilled(view, key, min((fact.at for fact in deliveries.values() if fact.key == key), default=None))
    return _fulfilled(view, key, min(at, view.fulfilled.get(key, at)))


def _fulfilled(view: AccountView, key: str, first: int | None) -> AccountView:
    if view.fulfilled.get(key) == first:
        return view
    kept = with_entry(view.fulfilled, key, first)
    if len(kept) > KEPT_FULFILLED:
        del kept[min(kept, key=lambda name: (kept[name], name))]
    return replace(view, fulfilled=kept)
