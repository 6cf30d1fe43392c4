"""The account's own records: when it began, and whether one says that it left."""

from msgspec.structs import replace

from revloop.contracts.generated.events import AccountFact, AccountView
from services.perception.core.facets.change import Change, with_entry


def take(view: AccountView, change: Change) -> AccountView:
    """Several systems may have a record of it: it began when the first of them says, and left where one says so.

    Each is remembered by itself, so that one may be corrected, or leave, and the others still count.
    """
    fact = None if change.gone else _fact(change)
    if view.told.get(change.name) == fact:
        return view
    told = with_entry(view.told, change.name, fact)
    created = min((one.created for one in told.values() if one.created is not None), default=None)
    churned = any(one.churned for one in told.values())
    if created == view.created:
        created = view.created  # the same, so that nobody looks who needs not
    return replace(view, told=told, created=created, churned=churned)


def _fact(change: Change) -> AccountFact:
    return AccountFact(created=change.moment("created"), churned=change.snapshot.fields.get("churned") is True)
