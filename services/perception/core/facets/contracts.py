"""Contracts, told by one system or several; each contract as a whole goes out."""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec.structs import replace

from revloop.contracts.generated.events import AccountView, ContractFact
from revloop.contracts.times import DAY_MS
from revloop.tenants import Profile
from services.perception.core.facets.change import Change, told_again, with_entry

ENDED = frozenset({"canceled", "cancelled", "ended", "expired", "incomplete_expired", "terminated"})
"""States of a contract that every vendor's word for an end comes to; a tenant may name more."""
DRAFT = frozenset({"draft", "in approval process", "incomplete", "inapproval", "inapproval process"})
"""States of a contract that nobody signed yet."""


class Contract(msgspec.Struct, frozen=True):
    """One contract, however many records tell of it."""

    number: str
    first: ContractFact
    """The record of the first connector by name."""
    starts: int | None
    ends: int | None
    """From when on it holds no more, as told by the record with the latest end."""
    ended: bool
    trial: bool

    def holds(self, as_of: int) -> bool:
        """Whether it is in force."""
        return not self.ended and self.began(as_of) and (self.ends is None or as_of < self.ends)

    def began(self, as_of: int) -> bool:
        """Whether it ever was."""
        return self.starts is None or self.starts <= as_of

    def is_renewed_by_people(self, shortest_days: int) -> bool:
        """No trial, not ended, with an end, and long enough that somebody renews it."""
        if self.ended or self.trial or self.ends is None:
            return False
        return self.starts is None or self.ends - self.starts >= shortest_days * DAY_MS


def take(view: AccountView, change: Change) -> AccountView:
    """Take in a record of a contract."""
    fact = None if change.gone else _fact(change)
    if told_again(fact, view.contracts.get(change.name)):
        return view
    return replace(view, contracts=with_entry(view.contracts, change.name, fact))


def signed(view: AccountView) -> Iterator[Contract]:
    """Contracts by number, without those that are drafts wherever they are told."""
    for number, facts in sorted(by_number(view).items()):
        ends = max((fact.ends for fact in facts if fact.ends is not None), default=None)
        starts = min((fact.starts for fact in facts if fact.starts is not None), default=None)
        if all(fact.draft for fact in facts):
            continue
        ended, trial = any(fact.ended for fact in facts), any(fact.trial for fact in facts)
        yield Contract(number, facts[0], starts, ends, ended, trial)


def by_number(view: AccountView) -> Mapping[str, list[ContractFact]]:
    """Records of each contract, by connector and id."""
    found: dict[str, list[ContractFact]] = {}
    for fact in view.contracts.values():
        found.setdefault(fact.number, []).append(fact)
    for facts in found.values():
        facts.sort(key=lambda fact: (fact.entity.connector, fact.entity.entity_id))
    return found


def renewable(view: AccountView, profile: Profile) -> Iterator[tuple[Contract, int]]:
    """Contracts that people renew, each with its end."""
    for contract in signed(view):
        if contract.is_renewed_by_people(profile.signals.renewal_min_term_days) and contract.ends is not None:
            yield contract, contract.ends


def days_left(ends: int, as_of: int) -> int:
    """Whole days, counted up."""
    return -(-(ends - as_of) // DAY_MS)


def renewal_near(view: AccountView, profile: Profile, as_of: int) -> tuple[bool, list[int]]:
    """Whether a contract of the account is about to end, and the moments still to come that change the answer."""
    days = profile.signals.renewal_window_days[0]
    ends = [end for _, end in renewable(view, profile)]
    changes = [at for end in ends for at in (end - days * DAY_MS, end) if at > as_of]
    return any(0 < days_left(end, as_of) <= days for end in ends), changes


def has_ended(view: AccountView) -> bool:
    """Whether the account had contracts, and all of them were ended."""
    return bool(view.contracts) and all(fact.ended for fact in view.contracts.values())


def _fact(change: Change) -> ContractFact:
    snapshot, status = change.snapshot, change.text("status")
    ended = snapshot.fields.get("ended_at") is not None or status.lower() in ENDED
    return ContractFact(
        entity=snapshot.entity,
        number=change.text("number") or snapshot.entity.entity_id,
        starts=change.moment("starts"),
        ends=change.moment("ends"),
        ended=ended or status in change.profile.ended_statuses,
        trial=snapshot.fields.get("trial") is True,
        draft=status.lower() in DRAFT,
        snapshot_id=snapshot.snapshot_id,
        observed_at=snapshot.observed_at,
    )
