"""A sentence and what it rests on; where no record says something, that is said of the state itself."""

from collections.abc import Iterable

import msgspec

from revloop.contracts.generated.events import AccountState, EntityRef, Evidence, Finding, SignalView
from revloop.contracts.times import day_of

MOST_EVIDENCE = 5
"""Of one sentence: the newest."""


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """At least one of ``records``, ``evidence`` and ``state`` is there."""

    text: str
    records: tuple[EntityRef, ...] = ()
    """What it is about."""
    signal_ids: tuple[str, ...] = ()
    """Signals that it repeats."""
    evidence: tuple[Evidence, ...] = ()
    """Fields of records, as they were and as they are."""
    state: str = ""
    """Snapshot id of the account's state, for what is a sum over records or said by none."""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Sentences of one kind, in order; never empty."""

    title: str
    sentences: tuple[Sentence, ...]


def about(text: str, *records: EntityRef) -> Sentence:
    """A sentence about records."""
    return Sentence(text=text, records=records)


def summed(text: str, state: AccountState, signals: Iterable[SignalView] = ()) -> Sentence:
    """A sentence about the state as a whole, with the signals that it comes from."""
    kept = tuple(signals)
    return Sentence(
        text=text, signal_ids=tuple(one.signal_id for one in kept), evidence=_newest(kept), state=state.snapshot_id
    )


def found(text: str, finding: Finding, state: AccountState) -> Sentence:
    """A sentence about a finding, with the records behind its signals."""
    signals = signals_of(finding, state)
    return Sentence(
        text=text,
        records=tuple(dict.fromkeys(one.entity for one in signals)),
        signal_ids=finding.signal_ids,
        evidence=_newest(signals),
        state=state.snapshot_id,
    )


def signals_of(finding: Finding, state: AccountState) -> tuple[SignalView, ...]:
    """The finding's signals that the state still shows, in the finding's order."""
    shown = {one.signal_id: one for one in state.signals}
    return tuple(shown[name] for name in finding.signal_ids if name in shown)


def _newest(signals: Iterable[SignalView]) -> tuple[Evidence, ...]:
    items = list(dict.fromkeys(item for one in signals for item in one.evidence))
    return tuple(sorted(items, key=lambda item: (-item.observed_at, item.entity, item.field))[:MOST_EVIDENCE])


def name_of(entity: EntityRef, state: AccountState) -> str:
    """A record as people call it: by its name or subject, where the state has it, else by its key."""
    fields = next((one.fields for one in state.subjects if one.entity == entity), {})
    told = next((fields[name] for name in ("name", "subject", "title") if fields.get(name)), None)
    return f"{entity.entity_type.replace('_', ' ')} {entity.entity_key if told is None else told}"


def on(at: int) -> str:
    """``on 2018-03-01``."""
    return f"on {day_of(at)}"


def counted(number: int, one: str, many: str = "") -> str:
    """``1 case``, ``3 cases``."""
    return f"{number} {one if number == 1 else many or one + 's'}"
