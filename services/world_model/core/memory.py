"""A change of a signal or record and what is remembered of its account come in; what is then remembered goes out."""

from bisect import insort

import msgspec

from revloop.contracts.generated.events import (
    AccountFacts,
    AccountMemory,
    EntityChange,
    EntityRef,
    Envelope,
    Evidence,
    RecentChange,
    Scalar,
    SignalChange,
    SignalChangeKind,
    SignalView,
    Subject,
)
from services.world_model.core.judgement import worst_first

KEPT_CHANGES = 20
ENDED = frozenset({SignalChangeKind.cleared, SignalChangeKind.expired})
NEW = frozenset({SignalChangeKind.opened, SignalChangeKind.happened, SignalChangeKind.raised})


def empty(event: Envelope) -> AccountMemory:
    """What is known of an account before anything was heard of it."""
    return AccountMemory(
        tenant_id=event.tenant_id,
        account_id=event.account_id,
        signals=(),
        subjects=(),
        recent_changes=(),
        content_hash="",
        snapshot_id="",
        posture=None,
        health=100,
        new_signals=(),
        due_at=None,
        facts=None,
    )


def with_line(memory: AccountMemory, change: EntityChange, facts: AccountFacts) -> AccountMemory:
    """``memory`` with what its records come to after ``change``, which was of note."""
    line = RecentChange(
        at=change.observed_at,
        what=change.entity.entity_type,
        entity=change.entity,
        detail=f"{change.change.value}: {', '.join(change.changed)}" if change.changed else change.change.value,
        event_id=change.event_id,
    )
    recent = (line, *memory.recent_changes)[:KEPT_CHANGES]
    return msgspec.structs.replace(memory, facts=facts, recent_changes=recent)


def with_signal(memory: AccountMemory, change: SignalChange, facts: Subject | None) -> AccountMemory:
    """``memory`` after ``change``; ``facts`` is the record the signal is about, where it is known."""
    signals = [signal for signal in memory.signals if signal.signal_id != change.signal_id]
    known = next((signal for signal in memory.signals if signal.signal_id == change.signal_id), None)
    if change.change not in ENDED:
        insort(signals, _view(change, known), key=worst_first)
    new = [name for name in memory.new_signals if name != change.signal_id]
    if change.change in NEW:
        new.append(change.signal_id)
    return msgspec.structs.replace(
        memory,
        signals=tuple(signals),
        subjects=_subjects(memory, change.entity, signals, facts),
        recent_changes=(_line(change), *memory.recent_changes)[:KEPT_CHANGES],
        new_signals=tuple(new),
    )


def with_subject(memory: AccountMemory, facts: Subject) -> AccountMemory:
    """``memory`` with the record as it is now, if an open signal is about it; else ``memory`` itself."""
    place = next((at for at, subject in enumerate(memory.subjects) if same(subject.entity, facts.entity)), None)
    if place is None:
        return memory
    subjects = (*memory.subjects[:place], facts, *memory.subjects[place + 1 :])
    return msgspec.structs.replace(memory, subjects=subjects)


def subject_of(change: EntityChange) -> Subject:
    """The record as ``change`` leaves it."""
    return Subject(
        entity=change.entity,
        snapshot_id=change.snapshot_id,
        version=change.version,
        fields=change.fields,
        observed_at=change.observed_at,
    )


def same(one: EntityRef, other: EntityRef) -> bool:
    """Whether both name the same record; its human key may have changed meanwhile."""
    return (
        one.entity_id == other.entity_id and one.entity_type == other.entity_type and one.connector == other.connector
    )


def is_echo(event: Envelope) -> bool:
    """Whether the event only repeats what our own action wrote."""
    return event.caused_by.startswith("act_")


def _view(change: SignalChange, known: SignalView | None) -> SignalView:
    return SignalView(
        signal_id=change.signal_id,
        signal_type=change.signal_type,
        severity=change.severity,
        entity=change.entity,
        opened_at=known.opened_at if known else change.observed_at,
        valid_until=change.valid_until,
        value=change.value,
        confidence=change.confidence,
        caused_by=change.caused_by if is_echo(change) else "",
        evidence=change.evidence,
    )


def _subjects(
    memory: AccountMemory, entity: EntityRef, signals: list[SignalView], facts: Subject | None
) -> tuple[Subject, ...]:
    known = next((subject for subject in memory.subjects if same(subject.entity, entity)), None)
    wanted = any(same(signal.entity, entity) for signal in signals)
    if wanted and known is None and facts is not None:
        return (*memory.subjects, facts)
    if not wanted and known is not None:
        return tuple(subject for subject in memory.subjects if subject is not known)
    return memory.subjects


def _line(change: SignalChange) -> RecentChange:
    moved = "; ".join(f"{item.field}: {_moved(item)}" for item in change.evidence if _says_something(item))
    detail = f"{change.change.value} ({change.severity.value})"
    return RecentChange(
        at=change.observed_at,
        what=change.signal_type,
        entity=change.entity,
        detail=f"{detail}: {moved}" if moved else detail,
        event_id=change.event_id,
    )


def _says_something(item: Evidence) -> bool:
    return item.before is not None or item.after is not None


def _moved(item: Evidence) -> str:
    """Figures have no value before."""
    return _shown(item.after) if item.before is None else f"{_shown(item.before)} -> {_shown(item.after)}"


def _shown(value: Scalar) -> str:
    return "nothing" if value is None else str(value)
