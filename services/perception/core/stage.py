"""Perception's core: remembers each record, compares it with the one before, and keeps its signals open and shut."""

from collections.abc import Mapping, Sequence

import msgspec

from revloop.contracts.failures import Reject
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import (
    EntityChangeKind,
    EntityMemory,
    Envelope,
    OpenSignal,
    Severity,
    SignalChangeKind,
    Snapshot,
    SnapshotChange,
    StateRecord,
    Tick,
)
from revloop.contracts.keys import join_key
from revloop.contracts.times import iso
from revloop.stage import Due, Effects, Emit, Refusal
from revloop.tenants import Registry
from services.perception.core.detector import (
    Condition,
    Detector,
    EventDetector,
    Fields,
    Happened,
    Holds,
    StateDetector,
    View,
)
from services.perception.core.signals import Opening, change, entity_change, evidence, is_echo, open_signal

RANK = {severity: rank for rank, severity in enumerate(Severity)}
NOTHING: Fields = {}


class PerceptionCore:
    """Pure: profiles and detectors are given once and do not change while it lives."""

    def __init__(self, registry: Registry, detectors: Sequence[Detector]) -> None:
        self._registry = registry
        self._by_change: dict[str, list[EventDetector]] = {}
        self._by_state: dict[str, list[StateDetector]] = {}
        for detector in detectors:
            for entity_type in sorted(detector.entity_types):
                if isinstance(detector, EventDetector):
                    self._by_change.setdefault(entity_type, []).append(detector)
                else:
                    self._by_state.setdefault(entity_type, []).append(detector)

    def clock_of(self, tenant_id: str) -> str:
        """The clock of the tenant's profile."""
        return self._registry.get(tenant_id).clock_id

    def keys(self, event: Envelope) -> Sequence[str]:
        """One state a record and account."""
        if not isinstance(event, Snapshot):
            return ()
        entity = event.entity
        return (join_key(event.tenant_id, event.account_id, entity.connector, entity.entity_type, entity.entity_id),)

    def step(self, states: Mapping[str, StateRecord], event: Envelope | Due, now: int) -> Effects:
        """Records are compared, time opens and ends what time decides, ticks go on to the signals."""
        match event:
            case Snapshot():
                return self._record(self.keys(event)[0], states, event)
            case Tick():
                return Effects(emits=(Emit(topics.SIGNALS, event),))
            case Due():
                memory = states[event.key]
                assert isinstance(memory, EntityMemory)  # the table holds nothing else
                return self._time(event, memory)
            case _:
                raise Reject(
                    "unexpected_event", f"Perception has no use for {event.event_type}: check schemas/topics.yaml."
                )

    def _record(self, key: str, states: Mapping[str, StateRecord], snapshot: Snapshot) -> Effects:
        known = states.get(key)
        assert known is None or isinstance(known, EntityMemory)  # the table holds nothing else
        if snapshot.change is SnapshotChange.left:
            return _leave(key, known, snapshot)
        if known is not None and snapshot.version < known.version:
            return Effects()  # late: a newer state of the record is known, and a past one changes nothing
        before = known.fields if known else NOTHING
        work = _Work(self, _remembered(known, snapshot), snapshot, snapshot.observed_at, before)
        if known is None or before != snapshot.fields:
            changed = tuple(
                sorted(n for n in snapshot.fields.keys() | before.keys() if snapshot.fields.get(n) != before.get(n))
            )
            work.emits.append(entity_change(snapshot, _kind(known, snapshot), changed))
            if snapshot.change is SnapshotChange.record:
                work.events(self._by_change.get(snapshot.entity.entity_type, ()), frozenset(changed))
        work.conditions(self._by_state.get(snapshot.entity.entity_type, ()), ticking=False)
        return work.effects(key)

    def _time(self, due: Due, memory: EntityMemory) -> Effects:
        work = _Work(self, memory, due.tick, due.tick.observed_at, NOTHING)
        work.expire()
        work.conditions(self._by_state.get(memory.entity.entity_type, ()), ticking=True)
        return work.effects(due.key)

    def view(self, memory: EntityMemory) -> View:
        """What detectors may see of ``memory``."""
        profile = self._registry.get(memory.tenant_id)
        return View(profile, memory.entity.entity_type, memory.occurred_at, memory.counters, memory.open)


def _remembered(known: EntityMemory | None, snapshot: Snapshot) -> EntityMemory:
    return EntityMemory(
        entity=snapshot.entity,
        account_id=snapshot.account_id,
        tenant_id=snapshot.tenant_id,
        snapshot_id=snapshot.snapshot_id,
        version=snapshot.version,
        occurred_at=snapshot.occurred_at,
        observed_at=snapshot.observed_at,
        fields=snapshot.fields,
        open=known.open if known else (),
        counters=known.counters if known else {},
        due_at=None,
    )


def _kind(known: EntityMemory | None, snapshot: Snapshot) -> EntityChangeKind:
    if snapshot.change is SnapshotChange.joined:
        return EntityChangeKind.joined
    return EntityChangeKind.created if known is None else EntityChangeKind.changed


def _leave(key: str, known: EntityMemory | None, snapshot: Snapshot) -> Effects:
    emits = [entity_change(snapshot, EntityChangeKind.left, ())]
    for signal in known.open if known else ():
        assert known is not None  # otherwise there is nothing open
        emits += change(known, snapshot, signal, SignalChangeKind.cleared, snapshot.observed_at)
    return Effects({key: None}, emits)


class _Work:
    """One step over one record: collects what changes."""

    def __init__(self, core: PerceptionCore, memory: EntityMemory, cause: Envelope, now: int, before: Fields) -> None:
        self._memory = memory
        self._cause = cause
        self._now = now
        self._before = before
        self._view = core.view(memory)
        self._open = list(memory.open)
        self._counters = dict(memory.counters)
        self._due: list[int] = []
        self._caused_by = cause.caused_by if isinstance(cause, Snapshot) and is_echo(cause) else ""
        self.emits: list[Emit] = []
        self._refusals: list[Refusal] = []

    def events(self, detectors: Sequence[EventDetector], changed: frozenset[str]) -> None:
        """Ask the detectors of changes."""
        for detector in detectors:
            if changed.isdisjoint(detector.looks_at):
                continue
            try:
                found = detector.detect(self._before, self._memory.fields, self._view)
            except Exception as error:  # noqa: BLE001 - a fault neither stops the other detectors nor looks like silence
                self._failed(detector, error)
                continue
            if found is not None:
                self._happened(detector, found)

    def conditions(self, detectors: Sequence[StateDetector], *, ticking: bool) -> None:
        """Open, move and clear state signals."""
        for detector in detectors:
            try:
                condition = detector.condition(self._memory.fields, self._view, self._now)
            except Exception as error:  # noqa: BLE001 - as above
                self._failed(detector, error)
                continue
            self._settle(detector, condition, may_open=ticking or not detector.by_age)

    def expire(self) -> None:
        """End event signals whose time has come."""
        for signal in [s for s in self._open if s.valid_until is not None and s.valid_until <= self._now]:
            self._open.remove(signal)
            self._say(signal, SignalChangeKind.expired)

    def effects(self, key: str) -> Effects:
        """The record's new state and everything said."""
        self._due += [signal.valid_until for signal in self._open if signal.valid_until is not None]
        memory = msgspec.structs.replace(
            self._memory, open=tuple(self._open), counters=self._counters, due_at=min(self._due, default=None)
        )
        return Effects({key: memory}, self.emits, self._refusals)

    def _failed(self, detector: Detector, error: Exception) -> None:
        failed = f"{detector.signal_type} failed on {self._memory.snapshot_id}: {error!r}"
        detail = f"{failed}. Mend the detector, then drive it again."
        self._refusals.append(Refusal("detector_failed", detail))

    def _happened(self, detector: EventDetector, found: Happened) -> None:
        self._counters.update(found.counters)
        opening = Opening(
            signal_type=detector.signal_type,
            detector=_name(detector),
            severity=found.severity,
            value=found.value,
            evidence=evidence(self._memory, found.fields, self._before),
            window_key=self._cause.event_id,
            valid_until=self._now + found.ttl_ms,
        )
        signal = open_signal(self._memory, self._cause, opening, self._now, self._caused_by)
        self._open.append(signal)
        self._say(signal, SignalChangeKind.happened)

    def _settle(self, detector: StateDetector, condition: Condition, *, may_open: bool) -> None:
        mine = {_episode(s): s for s in self._open if s.signal_type == detector.signal_type}
        holding = {found.episode: found for found in condition.holds}
        for episode, signal in mine.items():
            if episode not in holding:
                self._open.remove(signal)
                self._say(signal, SignalChangeKind.cleared)
        for episode, found in holding.items():
            known = mine.get(episode)
            if known is not None and known.severity is found.severity:
                continue
            if not may_open:
                self._due.append(self._now)  # age speaks on ticks only: the next one will say it
            elif known is None:
                self._opened(detector, found)
            else:
                self._move(known, found)
        if condition.next_at is not None:
            self._due.append(condition.next_at)

    def _move(self, signal: OpenSignal, found: Holds) -> None:
        rising = RANK[found.severity] > RANK[signal.severity]
        moved = msgspec.structs.replace(
            signal, severity=found.severity, value=found.value, evidence=evidence(self._memory, found.fields, NOTHING)
        )
        self._open[self._open.index(signal)] = moved
        self._say(moved, SignalChangeKind.raised if rising else SignalChangeKind.lowered)

    def _opened(self, detector: StateDetector, found: Holds) -> None:
        opening = Opening(
            signal_type=detector.signal_type,
            detector=_name(detector),
            severity=found.severity,
            value=found.value,
            evidence=evidence(self._memory, found.fields, self._before),
            window_key=f"{found.episode}@{iso(self._now)}",
            valid_until=None,
        )
        signal = open_signal(self._memory, self._cause, opening, self._now, self._caused_by)
        self._open.append(signal)
        self._say(signal, SignalChangeKind.opened)

    def _say(self, signal: OpenSignal, kind: SignalChangeKind) -> None:
        self.emits += change(self._memory, self._cause, signal, kind, self._now)


def _name(detector: Detector) -> str:
    return f"{detector.signal_type.lower()}/{detector.version}"


def _episode(signal: OpenSignal) -> str:
    return signal.window_key.rpartition("@")[0]
