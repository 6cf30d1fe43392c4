"""Perception's core: remembers each record, compares it with the one before, and keeps signals open and shut.

A record's own signals follow from its change or its content; those of its account from the account's view, into which
every record is taken in. A late record changes nothing: a newer state of it is known.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from revloop.contracts.entities import HAPPENINGS, EntityType
from revloop.contracts.failures import Reject
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import (
    AccountView,
    EntityChangeKind,
    EntityMemory,
    Envelope,
    Evidence,
    Snapshot,
    SnapshotChange,
    StateRecord,
    TenantValue,
    TenantValues,
    Tick,
)
from revloop.contracts.keys import join_key, tenant_of
from revloop.stage import Due, Effects, Emit
from revloop.tenants import Registry
from services.perception.core.account import AccountDesk
from services.perception.core.detector import (
    AccountDetector,
    Condition,
    Detector,
    EventDetector,
    Fields,
    Figure,
    Happened,
    Holds,
    StateDetector,
    View,
)
from services.perception.core.facets.change import Change
from services.perception.core.signals import entity_change, evidence, figures
from services.perception.core.work import Supports, Work

NOTHING: Fields = {}


class PerceptionCore:
    """Pure: profiles and detectors are given once and do not change while it lives."""

    def __init__(self, registry: Registry, detectors: Sequence[Detector]) -> None:
        self._registry = registry
        self._by_change: dict[str, list[EventDetector]] = {}
        self._by_state: dict[str, list[StateDetector]] = {}
        self._accounts = AccountDesk(registry, [d for d in detectors if isinstance(d, AccountDetector)])
        for detector in detectors:
            if isinstance(detector, AccountDetector):
                continue
            for entity_type in sorted(detector.entity_types):
                if isinstance(detector, EventDetector):
                    self._by_change.setdefault(entity_type, []).append(detector)
                else:
                    self._by_state.setdefault(entity_type, []).append(detector)

    def clock_of(self, tenant_id: str) -> str:
        """The clock of the tenant's profile."""
        return self._registry.get(tenant_id).clock_id

    def keys(self, event: Envelope | Due) -> Sequence[str]:
        """One state a record and account, none for happenings; and one for the account where the record tells of it.

        Deals are compared with those of the whole tenant.
        """
        match event:
            case Snapshot(entity=entity):
                found = [] if entity.entity_type in HAPPENINGS else [_record_key(event)]
                if self._accounts.looks_at(entity.entity_type):
                    found.append(_account_key(event))
                if entity.entity_type == EntityType.OPPORTUNITY:
                    found.append(_values_key(event.tenant_id))
                return found
            case TenantValue():
                return (_values_key(event.tenant_id),)
            case Due():
                return (_values_key(tenant_of(event.key)),)
            case _:
                return ()

    def step(self, states: Mapping[str, StateRecord], event: Envelope | Due, now: int) -> Effects:
        """Records are compared, time opens and ends what time decides, figures are kept, ticks go on to the signals."""
        match event:
            case Snapshot():
                return self._snapshot(states, event)
            case Tick():
                return Effects(emits=(Emit(topics.SIGNALS, event),))
            case Due():
                memory = states[event.key]
                if isinstance(memory, AccountView):
                    return self._accounts.time(event, memory, _values(states, memory.tenant_id))
                assert isinstance(memory, EntityMemory)  # nothing else has timers
                return self._time(event, memory)
            case TenantValue():
                values = {**_values(states, event.tenant_id), event.name: event.value}
                return Effects({_values_key(event.tenant_id): TenantValues(values=values)})
            case _:
                raise Reject(
                    "unexpected_event", f"Perception has no use for {event.event_type}: check schemas/topics.yaml."
                )

    def _snapshot(self, states: Mapping[str, StateRecord], snapshot: Snapshot) -> Effects:
        happening = snapshot.entity.entity_type in HAPPENINGS
        known = None if happening else _known(states, _record_key(snapshot))
        if known is not None and snapshot.version < known.version and snapshot.change is not SnapshotChange.left:
            return Effects()  # late: a newer state of the record is known, and a past one changes nothing
        own = Effects() if happening else self._record(known, snapshot)
        if not self._accounts.looks_at(snapshot.entity.entity_type):
            return own
        key = _account_key(snapshot)
        view = states.get(key)
        assert view is None or isinstance(view, AccountView)  # such keys hold nothing else
        before = known.fields if known is not None else None
        change = Change(snapshot, before, self._registry.get(snapshot.tenant_id))
        account = self._accounts.record(key, view, change, _values(states, snapshot.tenant_id))
        return Effects(
            {**own.states, **account.states}, (*own.emits, *account.emits), (*own.refusals, *account.refusals)
        )

    def _record(self, known: EntityMemory | None, snapshot: Snapshot) -> Effects:
        key = _record_key(snapshot)
        if snapshot.change is SnapshotChange.left:
            return _leave(key, known, snapshot)
        before = known.fields if known else NOTHING
        memory = _remembered(known, snapshot)
        work = Work(memory, snapshot, snapshot.observed_at, _supports(memory, before))
        if known is None or before != snapshot.fields:
            changed = _changed(before, snapshot.fields)
            work.emits.append(entity_change(snapshot, _kind(known, snapshot), changed))
            if snapshot.change is SnapshotChange.record:
                self._events(work, memory, before, frozenset(changed))
        self._conditions(work, memory, snapshot.observed_at, ticking=False)
        return _effects(key, memory, work)

    def _time(self, due: Due, memory: EntityMemory) -> Effects:
        work = Work(memory, due.tick, due.tick.observed_at, _supports(memory, NOTHING))
        work.expire()
        self._conditions(work, memory, due.tick.observed_at, ticking=True)
        return _effects(due.key, memory, work)

    def _events(self, work: Work, memory: EntityMemory, before: Fields, changed: frozenset[str]) -> None:
        """Ask the detectors of changes."""
        view = self._view(memory)
        for detector in self._by_change.get(memory.entity.entity_type, ()):
            if changed.isdisjoint(detector.looks_at):
                continue
            found = work.ask(detector, partial(detector.detect, before, memory.fields, view))
            if isinstance(found, Happened):
                work.happened(detector, found)

    def _conditions(self, work: Work, memory: EntityMemory, now: int, *, ticking: bool) -> None:
        """Open, move and clear state signals."""
        view = self._view(memory)
        for detector in self._by_state.get(memory.entity.entity_type, ()):
            found = work.ask(detector, partial(detector.condition, memory.fields, view, now))
            if isinstance(found, Condition):
                work.settle(detector, found, may_open=ticking or not detector.by_age)

    def _view(self, memory: EntityMemory) -> View:
        """What detectors may see of ``memory``."""
        profile = self._registry.get(memory.tenant_id)
        return View(profile, memory.entity.entity_type, memory.occurred_at, memory.counters, memory.open)


def _changed(before: Fields, after: Fields) -> tuple[str, ...]:
    """Names of fields that differ; one that is absent is the same as one that is empty."""
    if not before:
        return tuple(sorted([name for name, value in after.items() if value is not None]))
    return tuple(sorted([name for name in after.keys() | before.keys() if after.get(name) != before.get(name)]))


def _record_key(snapshot: Snapshot) -> str:
    entity = snapshot.entity
    return join_key(snapshot.tenant_id, snapshot.account_id, entity.connector, entity.entity_type, entity.entity_id)


def _account_key(snapshot: Snapshot) -> str:
    return join_key(snapshot.tenant_id, snapshot.account_id)


def _values_key(tenant: str) -> str:
    return join_key(tenant, "", "values")  # no account is without a name


def _values(states: Mapping[str, StateRecord], tenant: str) -> Mapping[str, float]:
    found = states.get(_values_key(tenant))
    assert found is None or isinstance(found, TenantValues)  # such keys hold nothing else
    return found.values if found is not None else {}


def _known(states: Mapping[str, StateRecord], key: str) -> EntityMemory | None:
    known = states.get(key)
    assert known is None or isinstance(known, EntityMemory)  # such keys hold nothing else
    return known


def _supports(memory: EntityMemory, before: Fields) -> Supports:
    def support_of(found: Happened | Holds) -> tuple[Evidence, ...]:
        counted = tuple(
            Figure(name=name, before=memory.counters.get(name, 0), after=count)
            for name, count in (found.counters.items() if isinstance(found, Happened) else ())
        )
        return (*evidence(memory, found.fields, before), *figures(memory, (*counted, *found.figures)))

    return support_of


def _effects(key: str, memory: EntityMemory, work: Work) -> Effects:
    kept = msgspec.structs.replace(memory, open=tuple(work.open), counters=work.counters, due_at=work.due_at)
    return Effects({key: kept}, work.emits, work.refusals)


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
    if known is not None:
        work = Work(known, snapshot, snapshot.observed_at, _supports(known, NOTHING))
        work.end_all()
        emits += work.emits
    return Effects({key: None}, emits)
