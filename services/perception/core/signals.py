"""Builds what perception writes: signal changes, entity changes and ledger entries, each with a derived id."""

from collections.abc import Mapping

import msgspec

from revloop.contracts.generated import topics
from revloop.contracts.generated.events import (
    AccountView,
    ConfidenceSource,
    EntityChange,
    EntityChangeKind,
    EntityMemory,
    EntityRef,
    Envelope,
    Evidence,
    LedgerEntry,
    LedgerKind,
    OpenSignal,
    Severity,
    SignalChange,
    SignalChangeKind,
    SignalStatus,
    Snapshot,
)
from revloop.contracts.ids import canonical, derive_id
from revloop.stage import Emit
from services.perception.core.detector import Figure

SOURCE = "perception"
Fields = Mapping[str, bool | int | float | str | None]

STATUS = {
    SignalChangeKind.opened: SignalStatus.ACTIVE,
    SignalChangeKind.raised: SignalStatus.ACTIVE,
    SignalChangeKind.lowered: SignalStatus.ACTIVE,
    SignalChangeKind.happened: SignalStatus.ACTIVE,
    SignalChangeKind.cleared: SignalStatus.CLEARED,
    SignalChangeKind.expired: SignalStatus.EXPIRED,
}


Memory = EntityMemory | AccountView
"""What remembers open signals."""


class Opening(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A new signal before it has an id."""

    signal_type: str
    detector: str
    severity: Severity
    value: float | None
    evidence: tuple[Evidence, ...]
    window_key: str
    valid_until: int | None
    subject: EntityRef | None = None


def open_signal(memory: Memory, cause: Envelope, new: Opening, now: int, caused_by: str) -> OpenSignal:
    """``new`` with its id: the same cause opens the same signal."""
    entity = new.subject or memory.entity
    signal_id = derive_id(
        "sig",
        memory.tenant_id,
        memory.account_id,
        new.signal_type,
        entity.connector,
        entity.entity_type,
        entity.entity_id,
        new.window_key,
    )
    return OpenSignal(
        signal_id=signal_id,
        signal_type=new.signal_type,
        severity=new.severity,
        opened_at=now,
        window_key=new.window_key,
        valid_until=new.valid_until,
        value=new.value,
        detector=new.detector,
        evidence=new.evidence,
        caused_by=caused_by,
        trace_id=cause.trace_id,
        entity=new.subject,
    )


def change(memory: Memory, cause: Envelope, signal: OpenSignal, kind: SignalChangeKind, now: int) -> list[Emit]:
    """The change of ``signal`` and its ledger entry."""
    event = SignalChange(
        event_id=derive_id("sgc", signal.signal_id, kind.value, now),
        event_type=SignalChange.EVENT_TYPE,
        tenant_id=memory.tenant_id,
        account_id=memory.account_id,
        source=SOURCE,
        trace_id=signal.trace_id,
        caused_by=signal.caused_by or cause.event_id,
        occurred_at=cause.occurred_at,
        observed_at=now,
        signal_id=signal.signal_id,
        signal_type=signal.signal_type,
        change=kind,
        status=STATUS[kind],
        severity=signal.severity,
        confidence=1.0,
        confidence_source=ConfidenceSource.direct,
        entity=signal.entity or memory.entity,
        window_key=signal.window_key,
        valid_until=signal.valid_until,
        value=signal.value,
        detector=signal.detector,
        evidence=signal.evidence,
    )
    return [Emit(topics.SIGNALS, event), Emit(topics.LEDGER_ENTRIES, _entry(event))]


def _entry(event: SignalChange) -> LedgerEntry:
    entry_id = derive_id("led", event.tenant_id, LedgerKind.SIGNAL.value, event.event_id)
    facts = {
        "account": event.account_id,
        "signal": event.signal_id,
        "type": event.signal_type,
        "change": event.change.value,
        "severity": event.severity.value,
        "value": event.value,
        "entity": f"{event.entity.entity_type}/{event.entity.entity_key}",
        "detector": event.detector,
        "evidence": [[item.snapshot_id, item.field, item.before, item.after] for item in event.evidence],
    }
    return LedgerEntry(
        event_id=entry_id,
        event_type=LedgerEntry.EVENT_TYPE,
        tenant_id=event.tenant_id,
        account_id=event.account_id,
        source=SOURCE,
        trace_id=event.trace_id,
        caused_by=event.event_id,
        occurred_at=event.occurred_at,
        observed_at=event.observed_at,
        entry_id=entry_id,
        kind=LedgerKind.SIGNAL,
        subject_id=event.signal_id,
        decision_id="",
        payload=canonical(facts),
    )


def entity_change(snapshot: Snapshot, kind: EntityChangeKind, changed: tuple[str, ...]) -> Emit:
    """The record's content changed for its account."""
    event = EntityChange(
        event_id=derive_id("chg", snapshot.event_id),
        event_type=EntityChange.EVENT_TYPE,
        tenant_id=snapshot.tenant_id,
        account_id=snapshot.account_id,
        source=SOURCE,
        trace_id=snapshot.trace_id,
        caused_by=snapshot.caused_by if is_echo(snapshot) else snapshot.event_id,
        occurred_at=snapshot.occurred_at,
        observed_at=snapshot.observed_at,
        entity=snapshot.entity,
        change=kind,
        snapshot_id=snapshot.snapshot_id,
        version=snapshot.version,
        fields=snapshot.fields,
        changed=changed,
    )
    return Emit(topics.SIGNALS, event)


def is_echo(snapshot: Snapshot) -> bool:
    """Whether the record only repeats what our own action wrote."""
    return snapshot.caused_by.startswith("act_")


def evidence(memory: EntityMemory, names: tuple[str, ...], before: Fields) -> tuple[Evidence, ...]:
    """What ``memory`` holds of the named fields, with their values before."""
    entity = memory.entity
    return tuple(
        Evidence(
            snapshot_id=memory.snapshot_id,
            source=entity.connector,
            entity=f"{entity.entity_type}/{entity.entity_key}",
            field=name,
            before=before.get(name),
            after=memory.fields.get(name),
            observed_at=memory.observed_at,
        )
        for name in names
    )


def figures(memory: Memory, found: tuple[Figure, ...]) -> tuple[Evidence, ...]:
    """Figures, each with the record that tells it; what many records come to, with the newest of them."""
    whole = memory.entity
    newest = "account" if isinstance(memory, AccountView) else whole.entity_type
    return tuple(
        Evidence(
            snapshot_id=memory.snapshot_id,
            source=memory.source if isinstance(memory, AccountView) else whole.connector,
            entity=f"{newest}/{whole.entity_key}",
            field=figure.name,
            before=figure.before,
            after=figure.after,
            observed_at=memory.observed_at,
        )
        if figure.of is None
        else Evidence(
            snapshot_id=figure.of.snapshot_id,
            source=figure.of.entity.connector,
            entity=f"{figure.of.entity.entity_type}/{figure.of.entity.entity_key}",
            field=figure.name,
            before=figure.before,
            after=figure.after,
            observed_at=figure.of.observed_at,
        )
        for figure in found
    )
