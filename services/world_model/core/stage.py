"""The world model's core: follows each account's open signals and records, and publishes its situation on change."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from revloop.contracts.envelope import caused
from revloop.contracts.failures import Reject
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import (
    AccountMemory,
    AccountState,
    EntityChange,
    EntityChangeKind,
    EntityFacts,
    EntityRef,
    Envelope,
    SignalChange,
    SignalView,
    StateRecord,
    Subject,
    Tick,
)
from revloop.contracts.ids import content_hash, derive_id
from revloop.contracts.keys import join_key
from revloop.stage import Due, Effects, Emit
from revloop.tenants import Registry
from services.world_model.core.judgement import Judge, Judgement
from services.world_model.core.memory import empty, is_echo, subject_of, with_signal, with_subject
from services.world_model.core.rule import Rule

SOURCE = "world_model"
SHOWN_SIGNALS = 50


class WorldModelCore:
    """Pure: profiles and rules are given once and do not change while it lives."""

    def __init__(self, registry: Registry, rules: Sequence[Rule]) -> None:
        self._registry = registry
        self._judge = Judge(rules)

    def clock_of(self, tenant_id: str) -> str:
        """The clock of the tenant's profile."""
        return self._registry.get(tenant_id).clock_id

    def keys(self, event: Envelope | Due) -> Sequence[str]:
        """The account's memory, and the facts of the record the event is about."""
        if not isinstance(event, EntityChange | SignalChange):
            return ()
        entity = event.entity
        return _keys(event.tenant_id, event.account_id, entity.connector, entity.entity_type, entity.entity_id)

    def step(self, states: Mapping[str, StateRecord], event: Envelope | Due, now: int) -> Effects:
        """Signals and records move the situation; ticks go on to the account states; nothing here waits for time."""
        match event:
            case Tick():
                return Effects(emits=(Emit(topics.ACCOUNT_STATES, event),))
            case SignalChange():
                return self._signal(states, event)
            case EntityChange():
                return self._record(states, event)
            case _:
                what = "a timer" if isinstance(event, Due) else event.event_type
                raise Reject("unexpected_event", f"The world model has no use for {what}: check schemas/topics.yaml.")

    def _signal(self, states: Mapping[str, StateRecord], change: SignalChange) -> Effects:
        key, facts_key = self.keys(change)
        memory = _memory(states, key, change)
        facts = _facts(states, facts_key)
        return self._publish(key, memory, with_signal(memory, change, facts), change)

    def _record(self, states: Mapping[str, StateRecord], change: EntityChange) -> Effects:
        key, facts_key = self.keys(change)
        if change.change is EntityChangeKind.left:
            return Effects({facts_key: None})  # its signals are cleared one by one, and take the subject along
        subject = subject_of(change)
        facts = {facts_key: EntityFacts(subject=subject)}
        memory = _memory(states, key, change)
        moved = with_subject(memory, subject)
        if moved is memory:
            return Effects(facts)
        published = self._publish(key, memory, moved, change)
        return Effects({**published.states, **facts}, published.emits)

    def _publish(self, key: str, before: AccountMemory, memory: AccountMemory, cause: Envelope) -> Effects:
        judgement = self._judge.judge(memory.signals)
        shown = memory.signals[:SHOWN_SIGNALS]
        subjects = _subjects(memory, shown)
        seen = [one.snapshot_id for one in subjects]  # a hash of the record itself: entity, version and fields
        content = content_hash((judgement, shown, len(memory.signals), seen))
        if content == before.content_hash:
            return Effects({key: memory})
        state = self._state(before, memory, cause, judgement, shown, subjects, content)
        remembered = msgspec.structs.replace(
            memory,
            content_hash=content,
            snapshot_id=state.snapshot_id,
            posture=state.posture,
            health=state.health,
            new_signals=(),
        )
        return Effects({key: remembered}, (Emit(topics.ACCOUNT_STATES, state),))

    def _state(
        self,
        before: AccountMemory,
        memory: AccountMemory,
        cause: Envelope,
        judgement: Judgement,
        shown: tuple[SignalView, ...],
        subjects: tuple[Subject, ...],
        content: str,
    ) -> AccountState:
        snapshot_id = content_hash([memory.tenant_id, memory.account_id, self._judge.ruleset, content])
        return caused(
            AccountState,
            cause,
            event_id=derive_id("acs", memory.tenant_id, memory.account_id, snapshot_id, cause.event_id),
            source=SOURCE,
            snapshot_id=snapshot_id,
            previous_snapshot_id=before.snapshot_id,
            ruleset=self._judge.ruleset,
            posture=judgement.posture,
            previous_posture=before.posture,
            momentum=judgement.momentum,
            health=judgement.health,
            risks=judgement.risks,
            opportunities=judgement.opportunities,
            unknowns=judgement.unknowns,
            signals=shown,
            signal_count=len(memory.signals),
            subjects=subjects,
            recent_changes=memory.recent_changes,
            new_signals=memory.new_signals,
            echo_only=is_echo(cause) and _echoes(memory),
        )


@lru_cache(maxsize=65_536)
def _keys(tenant_id: str, account_id: str, *record: str) -> tuple[str, str]:
    return (join_key(tenant_id, account_id), join_key(tenant_id, account_id, *record))


def _memory(states: Mapping[str, StateRecord], key: str, event: Envelope) -> AccountMemory:
    memory = states.get(key)
    if memory is None:
        return empty(event)
    assert isinstance(memory, AccountMemory)  # account keys have two parts, those of facts five
    return memory


def _facts(states: Mapping[str, StateRecord], key: str) -> Subject | None:
    facts = states.get(key)
    return facts.subject if isinstance(facts, EntityFacts) else None


def _subjects(memory: AccountMemory, shown: tuple[SignalView, ...]) -> tuple[Subject, ...]:
    """Records the shown signals are about, in the order of the signals."""
    by_name = {_name(subject.entity): subject for subject in memory.subjects}
    names = dict.fromkeys(_name(signal.entity) for signal in shown)
    return tuple(by_name[name] for name in names if name in by_name)


def _name(entity: EntityRef) -> tuple[str, str, str]:
    return (entity.connector, entity.entity_type, entity.entity_id)


def _echoes(memory: AccountMemory) -> bool:
    new = set(memory.new_signals)
    return all(signal.caused_by for signal in memory.signals if signal.signal_id in new)
