"""An account's state comes in, three questions to ask in a meeting go out: what is not known first, then what is wrong.

A question is chosen by the finding that raises it and filled with its record; no model writes it.
"""

from collections.abc import Iterator, Mapping

from revloop.artifacts.sentence import Sentence, about, found, name_of, on, signals_of, summed
from revloop.contracts.generated.events import AccountState, Finding

HOW_MANY = 3
ASKED: Mapping[str, str] = {
    "action_failed": "Did what we tried with {record} reach you?",
    "champion_lost": "Who stands for this with you, now that {record} changed?",
    "champion_silent": "Is {record} still the right person to speak to?",
    "contradiction": "Our records disagree about {record}: what is right?",
    "customer_lost": "What would have had to be different for you to stay?",
    "data_quality": "Can you confirm what we have of {record}?",
    "deadline_missed": "What keeps {record} from being done, and by when can it be?",
    "deal_drift": "What moved {record} to a later date, and what would make the new one hold?",
    "deal_shrinking": "Which part of {record} is no longer needed, and why?",
    "deal_stalled": "What has to happen before {record} goes on?",
    "renewal": "What has to be true for you to renew?",
    "renewal_intent": "What has to change for you to renew?",
    "silence": "What has changed with you since we last met?",
    "single_threaded": "Who else should be part of {record}?",
    "stage_regressed": "Why did {record} go a step back?",
    "stakeholder_gap": "Who decides on {record}, and who signs?",
    "stall_reason": "What is {record} waiting for?",
    "support_pressure": "Which of the open cases hurts most, and what would settle it?",
    "support_risk": "Is {record} still in your way, and what would settle it?",
    "usage_decline": "People work with it less than before: what do they do instead?",
}
"""By finding; one that is not here is put as a question in its own words."""


def questions(state: AccountState) -> tuple[Sentence, ...]:
    """Three, none twice."""
    asked: dict[str, Sentence] = {}
    for sentence in _candidates(state):
        asked.setdefault(sentence.text, sentence)
        if len(asked) == HOW_MANY:
            break
    return tuple(asked.values())


def _candidates(state: AccountState) -> Iterator[Sentence]:
    """Risks that are high come before what is not known, and that before lesser risks."""
    grave = [one for one in state.risks if one.severity in ("high", "critical")]
    lesser = [one for one in state.risks if one not in grave]
    for finding in (*grave[:2], *state.unknowns, *grave[2:], *lesser):
        yield found(_asked(finding, state), finding, state)
    yield from _of_the_window(state)
    yield from _of_people(state)
    yield summed("What should we know that our records do not show?", state)
    yield summed("What do you want to have reached by the end of the year?", state)
    yield summed("What should we do differently from here on?", state)


def _asked(finding: Finding, state: AccountState) -> str:
    signals = signals_of(finding, state)
    record = name_of(signals[0].entity, state) if signals else "this"
    template = ASKED.get(finding.finding)
    return template.format(record=record) if template else f"{finding.says.rstrip('.')}: how do you see that?"


def _of_the_window(state: AccountState) -> Iterator[Sentence]:
    window = state.commercial
    for terms in window.contracts if window else ():
        if terms.ends is not None and not terms.trial:
            ends = f"What has to be true for contract {terms.number} to go on after it ends {on(terms.ends)}?"
            yield about(ends, terms.entity)
    for deal in window.deals if window else ():
        when = f"by {deal.close_date}" if deal.close_date else "and when"
        yield about(
            f"What is still to be done to decide on {deal.name or deal.entity.entity_key}, {when}?", deal.entity
        )


def _of_people(state: AccountState) -> Iterator[Sentence]:
    meetings = state.meetings
    if meetings and meetings.last:
        yield about(f"What came of our meeting {on(meetings.last.at)}?", meetings.last.entity)
    for one in state.buying_group.people if state.buying_group else ():
        if one.name:
            yield about(f"Is {one.name} still the right person for this?", one.entity)
