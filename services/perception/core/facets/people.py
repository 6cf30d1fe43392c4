"""Who is what on the account and its deals, and who came and went today."""

from collections.abc import Iterator

from msgspec.structs import replace

from revloop.contracts.generated.events import AccountView, PersonFact
from revloop.contracts.times import DAY_MS
from services.perception.core.facets.change import Change, day_of, with_entry


def roles_of(text: str) -> frozenset[str]:
    """Roles as vendors write them (``Champion;Economic Buyer``, ``ECONOMIC_BUYER``), in one way of writing."""
    return frozenset(" ".join(role.lower().replace("_", " ").split()) for role in text.split(";") if role.strip())


def take(view: AccountView, change: Change) -> AccountView:
    """What was there when a source was first read is no news; the rest is counted on the day on which it was seen."""
    known = view.people.get(change.name)
    active = not change.gone and change.snapshot.fields.get("active") is not False
    fact = _fact(change, known) if active else None
    if _place(fact) == _place(known):
        return view
    moved = replace(view, people=with_entry(view.people, change.name, fact))
    if change.snapshot.baseline:
        return moved
    came = dict(view.came)
    for person, sign in ((known, -1), (fact, 1)):
        if person is not None:
            name = f"{person.contact_id}|{person.post or person.role}"
            came[name] = came.get(name, 0) + sign
    net = {name: count for name, count in came.items() if count}
    return replace(moved, came=net, came_until=day_of(change.snapshot.observed_at) * DAY_MS)


def on_deal(view: AccountView, deal: str) -> Iterator[PersonFact]:
    """People of one deal, by its id."""
    return (person for person in view.people.values() if person.opportunity_id == deal)


def champions(view: AccountView, roles: tuple[str, ...]) -> list[PersonFact]:
    """The account's champions, one record each; those of an open deal count where the account says nothing of them."""
    own = {one.contact_id for one in view.people.values() if not one.opportunity_id}
    deals = {deal.entity.entity_id for deal in view.deals.values()}
    found: dict[str, PersonFact] = {}
    for _, person in sorted(view.people.items()):
        told = person.opportunity_id == "" or (person.contact_id not in own and person.opportunity_id in deals)
        if told and roles_of(person.role) & frozenset(roles):
            found.setdefault(person.contact_id, person)
    return list(found.values())


def forget(view: AccountView, now: int) -> AccountView:
    """Let go of the day that is over and was told."""
    if view.came_until is None or view.came_until > now:
        return view
    return replace(view, came={}, came_until=None)


def _place(fact: PersonFact | None) -> tuple[str, str, str, str] | None:
    return None if fact is None else (fact.contact_id, fact.role, fact.post, fact.opportunity_id)


def _fact(change: Change, known: PersonFact | None) -> PersonFact:
    snapshot, contact, role = change.snapshot, change.text("contact_id"), change.text("role")
    same = known is not None and (known.contact_id, known.role) == (contact, role)
    return PersonFact(
        entity=snapshot.entity,
        contact_id=contact,
        role=role,
        post=change.text("post"),
        opportunity_id=change.text("opportunity_id"),
        since=known.since if known is not None and same else snapshot.observed_at,
        snapshot_id=snapshot.snapshot_id,
        observed_at=snapshot.observed_at,
    )
