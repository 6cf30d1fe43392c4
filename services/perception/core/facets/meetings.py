"""Meetings: those to come, and the last ones held."""

from msgspec.structs import replace

from revloop.contracts.generated.events import AccountView, MeetingFact
from services.perception.core.facets.activity import seen
from services.perception.core.facets.change import Change, with_entry

KEPT = 8
"""Of those held: enough to find the last one again when some are called off afterwards."""


def take(view: AccountView, change: Change) -> AccountView:
    """A meeting is planned, moved or called off; the newest record that says so is what shows it, in any order."""
    starts = change.moment("starts")
    off = change.gone or change.snapshot.fields.get("cancelled") is True
    fact = None if off or starts is None else _fact(change, starts)
    if fact == view.meetings.get(change.name):
        return view
    return replace(view, meetings=with_entry(view.meetings, change.name, fact))


def forget(view: AccountView, now: int) -> AccountView:
    """Let go of meetings held before the last ones; who was there has been seen."""
    held = sorted((one.at, name) for name, one in view.meetings.items() if one.at <= now)
    for at, name in held[:-KEPT]:
        for guest in view.meetings[name].guests.split():
            view = seen(view, guest, at)
    gone = {name for _, name in held[:-KEPT]}
    if not gone:
        return view
    return replace(view, meetings={name: one for name, one in view.meetings.items() if name not in gone})


def _fact(change: Change, at: int) -> MeetingFact:
    snapshot = change.snapshot
    return MeetingFact(
        entity=snapshot.entity,
        at=at,
        guests=change.text("external_attendees"),
        snapshot_id=snapshot.snapshot_id,
        observed_at=snapshot.observed_at,
    )
