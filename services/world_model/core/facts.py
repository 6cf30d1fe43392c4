"""A change of a record comes in; what the account's records come to, with the record taken in or out, goes out.

Closed deals, cases that are done and meetings held long ago are let go of. What is given back is the same object where
nothing differs: then there is nothing to publish.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec.structs import replace

from revloop.contracts.entities import EntityType
from revloop.contracts.generated.events import (
    AccountFacts,
    BuyingRole,
    ContractTerms,
    EntityChange,
    EntityChangeKind,
    MeetingTime,
    OpenDeal,
    Scalar,
    WaitingCases,
)
from revloop.contracts.times import DAY_MS, parse_iso
from revloop.tenants import Profile

V = TypeVar("V")
Fields = Mapping[str, Scalar]
EMPTY = AccountFacts(contracts={}, deals={}, people={}, cases={}, meetings={}, engaged=False, churned=False, names={})
KEPT_MEETINGS = 8
"""Of those held: enough to find the last one again when some are called off afterwards."""
ENDED = frozenset({"canceled", "cancelled", "ended", "expired", "incomplete_expired", "terminated"})
DRAFT = frozenset({"draft", "in approval process", "incomplete", "inapproval", "inapproval process"})
"""States of a contract as perception reads them; a test holds the two lists together."""
DONE = "done"


class Told:
    """One record as a change leaves it."""

    def __init__(self, change: EntityChange, before: Fields | None, contact: Fields, profile: Profile) -> None:
        self.change = change
        self.gone = change.change is EntityChangeKind.left
        self.fields: Fields = {} if self.gone else change.fields
        self.before = before
        """How it looked until now; None for a new one."""
        self.contact = contact
        """The person it is about, where it is about one that is known."""
        self.profile = profile

    @property
    def name(self) -> str:
        """Tells it from every other record of the account."""
        entity = self.change.entity
        return f"{entity.connector}|{entity.entity_type}|{entity.entity_id}"

    def text(self, field: str) -> str:
        """A text; empty where there is none."""
        return text(self.fields, field)

    def moment(self, field: str) -> int | None:
        """A moment (ms)."""
        value = self.text(field)
        return parse_iso(value) if value else None

    def number(self, field: str) -> float | None:
        """A number."""
        value = self.fields.get(field)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def text(fields: Fields, field: str) -> str:
    """A text; empty where there is none."""
    value = fields.get(field)
    return value if isinstance(value, str) else ""


def take(facts: AccountFacts, told: Told) -> AccountFacts:
    """``facts`` after a change of one record; records of other kinds say nothing here."""
    fold = FOLDS.get(told.change.entity.entity_type)
    return fold(facts, told) if fold else facts


def _account(facts: AccountFacts, told: Told) -> AccountFacts:
    churned = told.fields.get("churned")
    if isinstance(churned, bool) and churned is not facts.churned:
        facts = replace(facts, churned=churned)
    entity = told.change.entity
    own = told.change.account_id in (entity.entity_key, entity.entity_id)
    names = _with(facts.names, "" if own else told.name, told.text("name") or None)
    return facts if names is facts.names else replace(facts, names=names)


def _interaction(facts: AccountFacts, told: Told) -> AccountFacts:
    return facts if facts.engaged or told.gone else replace(facts, engaged=True)


def _contract(facts: AccountFacts, told: Told) -> AccountFacts:
    contracts = _with(facts.contracts, told.name, None if told.gone else _terms(told))
    return facts if contracts is facts.contracts else replace(facts, contracts=contracts)


def _terms(told: Told) -> ContractTerms:
    status = told.text("status")
    ended = status.lower() in ENDED or status in told.profile.ended_statuses
    return ContractTerms(
        entity=told.change.entity,
        number=told.text("number") or told.change.entity.entity_id,
        starts=told.moment("starts"),
        ends=told.moment("ends"),
        amount=told.number("amount"),
        ended=ended or told.fields.get("ended_at") is not None,
        trial=told.fields.get("trial") is True,
        draft=status.lower() in DRAFT,
    )


def _deal(facts: AccountFacts, told: Told) -> AccountFacts:
    is_open = not told.gone and not told.profile.is_closed(told.fields)
    deals = _with(facts.deals, told.name, _open_deal(told) if is_open else None)
    return facts if deals is facts.deals else replace(facts, deals=deals)


def _open_deal(told: Told) -> OpenDeal:
    return OpenDeal(
        entity=told.change.entity,
        name=told.text("name"),
        stage=told.text("stage"),
        amount=told.number("amount"),
        currency=told.text("currency") or told.profile.currency,
        close_date=told.text("close_date"),
    )


def _stakeholder(facts: AccountFacts, told: Told) -> AccountFacts:
    active = not told.gone and told.fields.get("active") is not False
    people = _with(facts.people, told.name, _role(told) if active else None)
    return facts if people is facts.people else replace(facts, people=people)


def _role(told: Told) -> BuyingRole:
    return BuyingRole(
        entity=told.change.entity,
        contact_id=told.text("contact_id"),
        name=text(told.contact, "name"),
        roles=roles_of(told.text("role")),
        opportunity_id=told.text("opportunity_id"),
    )


def roles_of(role: str) -> tuple[str, ...]:
    """Roles as vendors write them (``Champion;Economic Buyer``, ``ECONOMIC_BUYER``), in one way of writing."""
    return tuple(sorted({" ".join(one.lower().replace("_", " ").split()) for one in role.split(";") if one.strip()}))


def _contact(facts: AccountFacts, told: Told) -> AccountFacts:
    entity = told.change.entity
    renamed = {
        key: replace(one, name=told.text("name"))
        for key, one in facts.people.items()
        if one.contact_id == entity.entity_id
        and one.entity.connector == entity.connector
        and one.name != told.text("name")
    }
    return replace(facts, people={**facts.people, **renamed}) if renamed else facts


def _case(facts: AccountFacts, told: Told) -> AccountFacts:
    was = _waiting(told.before, told.profile)
    now = None if told.gone else _waiting(told.fields, told.profile)
    if was == now:
        return facts
    cases = dict(facts.cases)
    for counted, sign in ((was, -1), (now, 1)):
        if counted is not None:
            _count(cases, counted, sign)
    return replace(facts, cases=cases)


def _waiting(fields: Fields | None, profile: Profile) -> tuple[str, bool, bool] | None:
    """Day, whether it is severe, and whether it is escalated; None for one that is done or has no beginning."""
    if fields is None or not (created := text(fields, "created")):
        return None
    category = fields.get("status_category")
    if category == DONE or (category is None and fields.get("resolved") is not None):
        return None
    severe = str(fields.get("priority")) in profile.signals.severe_priorities
    return str(parse_iso(created) // DAY_MS), severe, fields.get("escalated") is True


def _count(cases: dict[str, WaitingCases], counted: tuple[str, bool, bool], sign: int) -> None:
    name, severe, escalated = counted
    known = cases.get(name, WaitingCases(waiting=0, severe=0, escalated=0))
    day = WaitingCases(
        waiting=known.waiting + sign,
        severe=max(0, known.severe + sign * severe),
        escalated=max(0, known.escalated + sign * escalated),
    )
    if day.waiting > 0:
        cases[name] = day
    else:
        cases.pop(name, None)


def _meeting(facts: AccountFacts, told: Told) -> AccountFacts:
    starts = told.moment("starts")
    off = told.gone or starts is None or told.fields.get("cancelled") is True
    fact = None if off or starts is None else MeetingTime(entity=told.change.entity, at=starts)
    meetings = _with(facts.meetings, told.name, fact)
    if meetings is facts.meetings:
        return facts
    held = sorted((one.at, name) for name, one in meetings.items() if one.at <= told.change.observed_at)
    gone = {name for _, name in held[:-KEPT_MEETINGS]}
    return replace(facts, meetings={name: one for name, one in meetings.items() if name not in gone})


def _with(entries: dict[str, V], name: str, entry: V | None) -> dict[str, V]:
    """``entries`` with one more or less, or moved; themselves where nothing differs."""
    if entries.get(name) == entry:
        return entries
    kept = {key: value for key, value in entries.items() if key != name}
    if entry is not None:
        kept[name] = entry
    return kept


FOLDS: Mapping[str, Callable[[AccountFacts, Told], AccountFacts]] = {
    EntityType.ACCOUNT: _account,
    EntityType.CONTACT: _contact,
    EntityType.CONTRACT: _contract,
    EntityType.INTERACTION: _interaction,
    EntityType.MEETING: _meeting,
    EntityType.OPPORTUNITY: _deal,
    EntityType.STAKEHOLDER: _stakeholder,
    EntityType.SUPPORT_CASE: _case,
}
"""How records are taken in, by entity type."""
