"""An account's contracts come in, told by one system or several; each contract as a whole goes out."""

from collections.abc import Iterator

import msgspec

from revloop.contracts.generated.events import AccountView, ContractFact, EntityRef
from revloop.contracts.times import DAY_MS
from revloop.tenants import Profile


class Contract(msgspec.Struct, frozen=True):
    """One contract, however many records tell of it."""

    number: str
    entity: EntityRef
    """The record of the first connector by name that tells of it."""
    ends: int
    snapshot_id: str


def running(view: AccountView, profile: Profile) -> Iterator[Contract]:
    """Contracts that hold, are no trial, have an end, and are long enough to be renewed; by number."""
    by_number: dict[str, list[ContractFact]] = {}
    for fact in view.contracts.values():
        by_number.setdefault(fact.number, []).append(fact)
    shortest = profile.signals.renewal_min_term_days * DAY_MS
    for number, facts in sorted(by_number.items()):
        ends = max((fact.ends for fact in facts if fact.ends is not None), default=None)
        starts = min((fact.starts for fact in facts if fact.starts is not None), default=None)
        if ends is None or any(fact.ended or fact.trial for fact in facts):
            continue
        if starts is not None and ends - starts < shortest:
            continue
        first = min(facts, key=lambda fact: (fact.entity.connector, fact.entity.entity_id))
        yield Contract(number, first.entity, ends, first.snapshot_id)


def days_left(contract: Contract, as_of: int) -> int:
    """Whole days, counted up."""
    return -(-(contract.ends - as_of) // DAY_MS)


def in_renewal_window(view: AccountView, profile: Profile, as_of: int) -> bool:
    """Whether a contract of the account is about to end."""
    days = profile.signals.renewal_window_days[0]
    return any(0 < days_left(contract, as_of) <= days for contract in running(view, profile))


def has_ended(view: AccountView) -> bool:
    """Whether the account had contracts, and all of them were ended."""
    return bool(view.contracts) and all(fact.ended for fact in view.contracts.values())
