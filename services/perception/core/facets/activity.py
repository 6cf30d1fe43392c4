"""Mails, calls and the people they came from: when each was last in touch, and since when the account is."""

from msgspec.structs import replace

from revloop.contracts.generated.events import AccountView
from revloop.contracts.times import DAY_MS
from services.perception.core.facets.change import Change, with_entry

KEPT_DAYS = 90
"""Longer ago than any silence that matters."""
OURS = frozenset({"email", "forwarded_email", "outbound", "outgoing", "outgoing_email"})
"""Directions, as vendors call them, of what went out: it says nothing of who it went to."""


def take_interaction(view: AccountView, change: Change) -> AccountView:
    """Anything engages the account; only what came in is a sign of life."""
    if change.gone:
        return view
    at = change.moment("at") or change.snapshot.occurred_at
    if view.engaged_at is None or at < view.engaged_at:
        view = replace(view, engaged_at=at)
    person = change.text("contact_email").lower() or change.text("contact_id")
    if not person or change.text("direction") in OURS:
        return view
    return seen(view, person, at)


def take_contact(view: AccountView, change: Change) -> AccountView:
    """A person's address, by which calendars and mails know it."""
    person = change.snapshot.entity.entity_id
    email = None if change.gone else change.text("email").lower() or None
    if view.emails.get(person) != email:
        view = replace(view, emails=with_entry(view.emails, person, email))
    last = change.moment("last_activity")
    return view if last is None or change.gone else seen(view, person, last)


def seen(view: AccountView, person: str, at: int) -> AccountView:
    """A sign of life of a person: a contact's id or a mail address."""
    if view.active.get(person, at - 1) >= at:
        return view
    return replace(view, active={**view.active, person: at})


def last_seen(view: AccountView, contact: str, as_of: int) -> int | None:
    """When a contact was last in touch, by mail, call or meeting."""
    email = view.emails.get(contact, "")
    told = [view.active[name] for name in (contact, email) if name in view.active]
    met = [one.at for one in view.meetings.values() if email and one.at <= as_of and email in one.guests.split()]
    return max((*told, *met), default=None)


def forget(view: AccountView, now: int) -> AccountView:
    """Let go of what is long ago."""
    first = now - KEPT_DAYS * DAY_MS
    if all(at > first for at in view.active.values()):
        return view
    return replace(view, active={name: at for name, at in view.active.items() if at > first})
