"""An account's state, and the one at its last meeting, come in; the brief for the next meeting goes out.

The same states give the same brief. It says nothing that no record says: what is a sum, or is not known, is bound to
the state itself.
"""

from collections.abc import Iterator

import msgspec

from revloop.artifacts.questions import questions
from revloop.artifacts.sections import cases, commercial, opportunities, people, risks, standing
from revloop.artifacts.sentence import Section, Sentence, about, counted, name_of, on, summed
from revloop.contracts.generated.events import AccountState, RecentChange, Subject
from revloop.contracts.times import iso

VERSION = "meeting_brief/1"
MOST_CHANGES = 8


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What to know before a meeting."""

    account_id: str
    as_of: int
    """When the state was published (ms)."""
    snapshot_id: str
    """The state."""
    since_snapshot_id: str
    """The state at the last meeting, empty where there is none."""
    version: str
    """Of the template."""
    sections: tuple[Section, ...]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """An account in a few sentences."""

    account_id: str
    as_of: int
    snapshot_id: str
    version: str
    sections: tuple[Section, ...]


def brief(state: AccountState, before: AccountState | None) -> Brief:
    """``before`` is the account's state as of its last meeting, where there was one."""
    made = {
        "Where it stands": standing(state),
        "The meeting": _meeting(state),
        "Attendees": _attendees(state),
        "Since the last meeting": _since(state, before),
        "Open cases": cases(state),
        "Commercial window": commercial(state),
        "Risks": risks(state),
        "Questions to ask": questions(state),
    }
    return Brief(
        account_id=state.account_id,
        as_of=state.observed_at,
        snapshot_id=state.snapshot_id,
        since_snapshot_id=before.snapshot_id if before else "",
        version=VERSION,
        sections=tuple(Section(title=title, sentences=tuple(sentences)) for title, sentences in made.items()),
    )


def summary(state: AccountState) -> Summary:
    """The account in a few sentences."""
    made = {
        "Where it stands": tuple(standing(state)),
        "Risks": tuple(risks(state)),
        "Opportunities": tuple(opportunities(state)),
        "Commercial window": tuple(commercial(state)),
        "Open cases": tuple(cases(state)),
        "People": tuple(people(state)),
    }
    return Summary(
        account_id=state.account_id,
        as_of=state.observed_at,
        snapshot_id=state.snapshot_id,
        version="account_summary/1",
        sections=tuple(Section(title=title, sentences=told) for title, told in made.items() if told),
    )


def last_meeting(state: AccountState) -> int | None:
    """When the account was last met (ms), as far as its state knows."""
    return state.meetings.last.at if state.meetings and state.meetings.last else None


def text_of(made: Brief | Summary) -> str:
    """As paragraphs, a section each."""
    return "\n\n".join(
        "\n".join([section.title, *(f"- {one.text}" for one in section.sentences)]) for section in made.sections
    )


def _meeting(state: AccountState) -> Iterator[Sentence]:
    meetings = state.meetings
    if meetings is None or meetings.next is None:
        yield summed("No meeting is planned.", state)
    else:
        known = name_of(meetings.next.entity, state)
        yield about(
            f"The next is {known}, {on(meetings.next.at)} at {iso(meetings.next.at)[11:16]} UTC.", meetings.next.entity
        )
    if meetings is not None and meetings.last is not None:
        yield about(f"The last was {on(meetings.last.at)}.", meetings.last.entity)


def _attendees(state: AccountState) -> Iterator[Sentence]:
    """Who is invited, where a signal is about the meeting; and whom we know by a role."""
    subject = _subject(state)
    invited = str(subject.fields.get("external_attendees") or "") if subject else ""
    if subject and invited:
        yield about(f"Invited: {invited}.", subject.entity)
    else:
        yield summed("Who is invited is not known.", state)
    yield from people(state)


def _subject(state: AccountState) -> Subject | None:
    next_one = state.meetings.next if state.meetings else None
    return next((one for one in state.subjects if next_one and one.entity == next_one.entity), None)


def _since(state: AccountState, before: AccountState | None) -> Iterator[Sentence]:
    met = last_meeting(state)
    if met is None:
        yield summed("No meeting was held as far as records tell: everything is new.", state)
    elif before is not None:
        yield from _moved(state, before)
    changes = [one for one in state.recent_changes if met is None or one.at > met]
    for one in changes[:MOST_CHANGES]:
        yield about(f"{on(one.at).capitalize()}, {name_of(one.entity, state)}: {_happened(one)}.", one.entity)
    if len(changes) > MOST_CHANGES:
        yield summed(f"Besides: {counted(len(changes) - MOST_CHANGES, 'change')}.", state)
    if not changes:
        yield summed("Nothing has changed since.", state)


def _happened(change: RecentChange) -> str:
    """A signal by its name; of a record that is new, only that it is."""
    detail = change.detail.rstrip(".")
    if change.what.isupper():
        return f"{change.what.replace('_', ' ').lower()} {detail}"
    return "new" if detail.startswith("created") else detail


def _moved(state: AccountState, before: AccountState) -> Iterator[Sentence]:
    if (state.posture, state.health) != (before.posture, before.health):
        yield summed(
            f"It went from {before.posture.value.replace('_', ' ').lower()}, health {before.health},"
            f" to {state.posture.value.replace('_', ' ').lower()}, health {state.health}.",
            state,
        )
    old, new = {one.finding for one in before.risks}, {one.finding for one in state.risks}
    for words, names in (("New", new - old), ("Gone", old - new)):
        if names:
            yield summed(f"{words} among the risks: {', '.join(sorted(names)).replace('_', ' ')}.", state)
