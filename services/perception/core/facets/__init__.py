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

Take = Callable[[AccountView, Change], AccountView]
Parts = Callable[[AccountView], tuple[object, ...]]

PARTS: Mapping[Facet, Parts] = {
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
"""What of a view each facet is."""

FOLDS: Mapping[str, tuple[Take, tuple[Facet, ...]]] = {
    EntityType.ACCOUNT: (accounts.take, (Facet.ACCOUNT,)),
    EntityType.CONTACT: (activity.take_contact, (Facet.ACTIVITY,)),
    EntityType.INTERACTION: (activity.take_interaction, (Facet.ACTIVITY,)),
    EntityType.USAGE: (usage.take, (Facet.USAGE, Facet.FIRST_USE)),
    EntityType.MEETING: (meetings.take, (Facet.MEETINGS,)),
    EntityType.CONTRACT: (contracts.take, (Facet.CONTRACTS,)),
    EntityType.DEADLINE: (deadlines.take_deadline, (Facet.DEADLINES,)),
    EntityType.FULFILMENT: (deadlines.take_fulfilment, (Facet.DEADLINES,)),
    EntityType.OPPORTUNITY: (deals.take, (Facet.DEALS,)),
    EntityType.STAKEHOLDER: (people.take, (Facet.PEOPLE,)),
    EntityType.SUPPORT_CASE: (cases.take, (Facet.CASES,)),
}
"""How records are taken in, and into which facets, by entity type; others say nothing of their account as a whole."""


def take(view: AccountView, change: Change) -> tuple[AccountView, frozenset[Facet]]:
    """The view with the record taken in or out, and the facets that changed; folds leave alone what they do not."""
    fold, facets = FOLDS[change.snapshot.entity.entity_type]
    after = fold(view, change)
    if after is view:
        return view, frozenset()
    return after, frozenset(facet for facet in facets if _differ(PARTS[facet], view, after))


def _differ(parts: Parts, before: AccountView, after: AccountView) -> bool:
    return any(one is not other for one, other in zip(parts(before), parts(after), strict=True))


def forget(view: AccountView, profile: Profile, now: int) -> AccountView:
    """Let go of what no signal looks at any more."""
    view = usage.forget(view, now)
    view = meetings.forget(view, now)
    view = activity.forget(view, now)
    view = cases.forget(view, profile, now)
    return people.forget(view, now)
