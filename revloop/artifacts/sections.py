"""An account's state comes in, the sections that a brief and a summary share go out."""

from collections.abc import Iterator

from revloop.artifacts.sentence import Sentence, about, counted, found, name_of, signals_of, summed
from revloop.contracts.generated.events import AccountState, ContractTerms, Finding, OpenDeal
from revloop.contracts.times import day_of

MOST = 5
"""Of one list: the rest is counted."""
CASE = "support_case"


def standing(state: AccountState) -> Iterator[Sentence]:
    """Posture, health, and what the account is by its records."""
    kind = f"{state.lifecycle.value.lower()}, " if state.lifecycle else ""
    yield summed(
        f"{state.account_id}: {kind}{state.posture.value.replace('_', ' ').lower()}, health {state.health} of 100,"
        f" momentum {state.momentum.value.lower()}.",
        state,
    )


def commercial(state: AccountState) -> Iterator[Sentence]:
    """Contracts by their end, deals by their close."""
    window = state.commercial
    if window is None or not (window.contracts or window.deals):
        yield summed("No contract in force and no open deal is known.", state)
        return
    yield from (about(_contract(one), one.entity) for one in window.contracts[:MOST])
    yield from (about(_deal(one), one.entity) for one in window.deals[:MOST])
    left = {"contract": len(window.contracts[MOST:]), "open deal": window.open_deals - len(window.deals[:MOST])}
    if any(left.values()):
        yield summed(f"Besides: {' and '.join(counted(n, what) for what, n in left.items() if n)}.", state)


def _contract(one: ContractTerms) -> str:
    kind = "Trial" if one.trial else "Contract"
    starts = f" from {day_of(one.starts)}" if one.starts is not None else ""
    ends = f" until {day_of(one.ends)}" if one.ends is not None else " without an end"
    worth = f", worth {one.amount:,.0f}" if one.amount is not None else ""
    runs = "was ended early: it ran" if one.ended else "runs"
    return f"{kind} {one.number or one.entity.entity_key} {runs}{starts}{ends}{worth}."


def _deal(one: OpenDeal) -> str:
    stage = f" is in stage {one.stage}" if one.stage else " is open"
    worth = f", {one.amount:,.0f} {one.currency}".rstrip() if one.amount is not None else ", no amount"
    close = f", to close on {one.close_date}" if one.close_date else ", no close date"
    return f"Deal {one.name or one.entity.entity_key}{stage}{worth}{close}."


def cases(state: AccountState) -> Iterator[Sentence]:
    """How many wait, and those that a signal is about."""
    support = state.support
    if support is None or not support.waiting:
        yield summed("No open case is known.", state)
        return
    told = [one for one in state.signals if one.entity.entity_type == CASE]
    oldest = f"; the oldest was opened on {support.oldest_day}" if support.oldest_day else ""
    yield summed(
        f"{counted(support.waiting, 'case waits', 'cases wait')}, {support.severe} severe,"
        f" {support.escalated} escalated{oldest}.",
        state,
        told,
    )
    for subject in [one for one in state.subjects if one.entity.entity_type == CASE][:MOST]:
        words = [
            f"{name} {subject.fields[name]}" for name in ("status", "priority") if subject.fields.get(name) is not None
        ]
        yield about(f"{name_of(subject.entity, state).capitalize()}: {', '.join(words) or 'open'}.", subject.entity)


def people(state: AccountState) -> Iterator[Sentence]:
    """Who is known, with what they are."""
    group = state.buying_group
    if group is None or not group.people:
        yield summed("Nobody is known by a role.", state)
        return
    for one in group.people[:MOST]:
        roles = ", ".join(one.roles) or "without a role"
        yield about(f"{one.name or one.contact_id or one.entity.entity_key}: {roles}.", one.entity)
    if group.people_count > MOST:
        yield summed(f"Besides: {counted(group.people_count - MOST, 'person', 'people')}.", state)


def risks(state: AccountState) -> Iterator[Sentence]:
    """Worst first, each with the records behind it."""
    if not state.risks:
        yield summed("No risk is known.", state)
    yield from (found(_finding(one, state), one, state) for one in state.risks)


def opportunities(state: AccountState) -> Iterator[Sentence]:
    """Best first."""
    yield from (found(_finding(one, state), one, state) for one in state.opportunities)


def _finding(one: Finding, state: AccountState) -> str:
    named = dict.fromkeys(name_of(signal.entity, state) for signal in signals_of(one, state))
    which = f" ({'; '.join(list(named)[:3])}{' and more' if len(named) > 3 else ''})" if named else ""
    since = day_of(one.introduced_at)
    return f"{one.severity.value.capitalize()}, since {since}, {one.points:+d}: {one.says.rstrip('.')}{which}."
