"""One record and the view of its account come in; the view with the record taken in, or taken out, goes out.

What no signal looks at any more is forgotten: old days of usage, meetings held long ago, deadlines that are history.
Contracts, people, open deals and meetings to come are as many as the account has.
"""

from collections.abc import Callable, Mapping

from revloop.contracts.entities import EntityType
from revloop.contracts.generated.events import AccountView
from revloop.tenants import Profile
from services.perception.core.detector import Facet
from services.perception.core.facets import (
    accounts,
    activity,
    cases,
    contracts,
    deadlines,
    deals,
    meetings,
    people,
    usage,
)
from services.perception.core.facets.change import Change

FOLDS: Mapping[str, Callable[[AccountView, Change], AccountView]] = {
    EntityType.ACCOUNT: accounts.take,
    EntityType.CONTACT: activity.take_contact,
    EntityType.INTERACTION: activity.take_interaction,
    EntityType.USAGE: usage.take,
    EntityType.MEETING: meetings.take,
    EntityType.CONTRACT: contracts.take,
    EntityType.DEADLINE: deadlines.take_deadline,
    EntityType.FULFILMENT: deadlines.take_fulfilment,
    EntityType.OPPORTUNITY: deals.take,
    EntityType.STAKEHOLDER: people.take,
    EntityType.SUPPORT_CASE: cases.take,
}
"""By entity type; records of other types say nothing of their account as a whole."""

PARTS: Mapping[Facet, Callable[[AccountView], tuple[object, ...]]] = {
    Facet.ACCOUNT: lambda view: (view.created, view.churned),
    Facet.ACTIVITY: lambda view: (view.engaged_at, view.emails, view.active),
    Facet.CASES: lambda view: (view.cases,),
    Facet.CONTRACTS: lambda view: (view.contracts,),
    Facet.DEADLINES: lambda view: (view.deadlines, view.fulfilled),
    Facet.DEALS: lambda view: (view.deals,),
    Facet.FIRST_USE: lambda view: (view.first_use,),
    Facet.MEETINGS: lambda view: (view.meetings,),
    Facet.PEOPLE: lambda view: (view.people, view.came),
    Facet.USAGE: lambda view: (view.usage,),
}


def touched(before: AccountView, after: AccountView) -> frozenset[Facet]:
    """The facets in which two views differ; folds leave alone what they do not change."""
    if before is after:
        return frozenset()
    return frozenset(facet for facet, parts in PARTS.items() if _differ(parts(before), parts(after)))


def _differ(before: tuple[object, ...], after: tuple[object, ...]) -> bool:
    return any(one is not other for one, other in zip(before, after, strict=True))


def forget(view: AccountView, profile: Profile, now: int) -> AccountView:
    """Let go of what no signal looks at any more."""
    view = usage.forget(view, now)
    view = meetings.forget(view, now)
    view = activity.forget(view, now)
    view = cases.forget(view, profile, now)
    return people.forget(view, now)
