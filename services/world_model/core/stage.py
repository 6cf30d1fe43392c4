"""The world model's core: follows each account's open signals and records, and publishes its situation on change."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec

from revloop.contracts.entities import EntityType
from revloop.contracts.envelope import carried
from revloop.contracts.failures import Reject
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import (
    AccountMemory,
    AccountState,
    EntityChange,
    EntityFacts,
    EntityRef,
    Envelope,
    Finding,
    Posture,
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
from services.world_model.core.facts import EMPTY, Fields, Told, take
from services.world_model.core.judgement import Judge, Judgement, worst_first
from services.world_model.core.memory import empty, is_echo, subject_of, with_line, with_signal, with_subject
from services.world_model.core.outlook import Outlook, changes_at, outlook
from services.world_model.core.rule import Rule

SOURCE = "world_model"
SHOWN_SIGNALS = 50


OF_RECORDS = (EntityChange, SignalChange)


class WorldModelCore:
    """Pure: profiles and rules are given once and do not change while it lives."""

    def __init__(self, registry: Registry, rules: Sequence[Rule]) -> None:
        self._registry = registry
        self._judge = Judge(rules)

    def clock_of(self, tenant_id: str) -> str:
        """The clock of the tenant's profile."""
        return self._registry.get(tenant_id).clock_id

    def keys(self, event: Envelope | Due) -> Sequence[str]:
        """The account's memory, the facts of the record the event is about, and of the person that a role is of."""
        if not isinstance(event, OF_RECORDS):
            return ()
        entity = event.entity
        keys = _keys(event.tenant_id, event.account_id, entity.connector, entity.entity_type, entity.entity_id)
        if isinstance(event, EntityChange) and entity.entity_type == EntityType.STAKEHOLDER:
            return (*keys, _contact_key(event))
        return keys

    def step(self, states: Mapping[str, StateRecord], event: Envelope | Due, now: int) -> Effects:
        """Signals, records and what time alone ends or begins move the situation; ticks go on to the account states."""
        match event:
            case Tick():
                return Effects(emits=(Emit(topics.ACCOUNT_STATES, event),))
            case SignalChange():
                return self._signal(states, event)
            case EntityChange():
                return self._record(states, event)
            case Due():
                memory = states[event.key]
                assert isinstance(memory, AccountMemory)  # nothing else has timers
                return self._publish(event.key, memory, memory, event.tick)
            case _:
                what = event.event_type
                raise Reject("unexpected_event", f"The world model has no use for {what}: check schemas/topics.yaml.")

    def _signal(self, states: Mapping[str, StateRecord], change: SignalChange) -> Effects:
        key, facts_key = self.keys(change)
        memory = _memory(states, key, change)
        return self._publish(key, memory, with_signal(memory, change, _facts(states, facts_key)), change)

    def _record(self, states: Mapping[str, StateRecord], change: EntityChange) -> Effects:
        key, facts_key, *contact = self.keys(change)
        memory, known = _memory(states, key, change), _facts(states, facts_key)
        person = _fields(_facts(states, contact[0]) if contact else None)
        profile = self._registry.get(change.tenant_id)
        told = Told(change, None if known is None else known.fields, person, profile)
        facts = take(memory.facts or EMPTY, told)
        moved = memory if facts is (memory.facts or EMPTY) else with_line(memory, change, facts)
        if told.gone:
            own: Effects = Effects({facts_key: None})  # its signals are cleared one by one, and take the subject along
        else:
            subject = subject_of(change)
            own = Effects({facts_key: EntityFacts(subject=subject)})
            moved = with_subject(moved, subject)
        if moved is memory:
            return own
        published = self._publish(key, memory, moved, change)
        return Effects({**published.states, **own.states}, published.emits)

    def _publish(self, key: str, before: AccountMemory, memory: AccountMemory, cause: Envelope) -> Effects:
        now, facts = cause.observed_at, memory.facts or EMPTY
        sections = outlook(facts, memory.signals, self._registry.get(memory.tenant_id), now)
        judgement = self._judge.judge(memory.signals, lifecycle=sections.lifecycle, runs=sections.runs, as_of=now)
        ends = (changes_at(facts, now), self._judge.lapses_at(memory.signals, now))
        memory = msgspec.structs.replace(memory, due_at=min((at for at in ends if at is not None), default=None))
        shown = _shown(memory.signals, judgement)
        subjects = _subjects(memory, shown)
        seen = [one.snapshot_id for one in subjects]  # a hash of the record itself: entity, version and fields
        content = content_hash((judgement, shown, len(memory.signals), seen, sections))
        if content == before.content_hash or (not before.snapshot_id and _says_nothing(memory, judgement)):
            return Effects({key: memory})
        state = self._state(before, memory, cause, judgement, shown, subjects, sections, content)
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
        sections: Outlook,
        content: str,
    ) -> AccountState:
        ruleset, tenant, account = self._judge.ruleset, memory.tenant_id, memory.account_id
        snapshot_id = content_hash([tenant, account, ruleset, content])
        event_id = derive_id("acs", tenant, account, snapshot_id, cause.event_id)
        envelope = carried(AccountState, cause, event_id=event_id, source=SOURCE, account_id=account)
        envelope["tenant_id"] = tenant  # a tick of the wall clock is of no tenant
        return AccountState(
            **envelope,
            snapshot_id=snapshot_id,
            previous_snapshot_id=before.snapshot_id,
            ruleset=ruleset,
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
            lifecycle=sections.lifecycle,
            commercial=sections.commercial,
            buying_group=sections.buying_group,
            support=sections.support,
            usage=sections.usage,
            meetings=sections.meetings,
            name=sections.name,
        )


@lru_cache(maxsize=65_536)
def _keys(tenant_id: str, account_id: str, *record: str) -> tuple[str, str]:
    return (join_key(tenant_id, account_id), join_key(tenant_id, account_id, *record))


def _contact_key(change: EntityChange) -> str:
    person = change.fields.get("contact_id")
    return _keys(change.tenant_id, change.account_id, change.entity.connector, EntityType.CONTACT, str(person))[1]


def _memory(states: Mapping[str, StateRecord], key: str, event: Envelope) -> AccountMemory:
    memory = states.get(key)
    if memory is None:
        return empty(event)
    assert isinstance(memory, AccountMemory)  # account keys have two parts, those of facts five
    return memory


def _facts(states: Mapping[str, StateRecord], key: str) -> Subject | None:
    facts = states.get(key)
    return facts.subject if isinstance(facts, EntityFacts) else None


def _fields(subject: Subject | None) -> Fields:
    return {} if subject is None else subject.fields


def _shown(signals: Sequence[SignalView], judgement: Judgement) -> tuple[SignalView, ...]:
    """The worst signals, with the first of each finding among them: none is without its evidence."""
    if len(signals) <= SHOWN_SIGNALS:
        return tuple(signals)
    first = {one.signal_ids[0] for one in _findings(judgement)}
    led = [signal for signal in signals if signal.signal_id in first]
    rest = [signal for signal in signals if signal.signal_id not in first]
    return tuple(sorted((*led, *rest[: SHOWN_SIGNALS - len(led)]), key=worst_first))


def _findings(judgement: Judgement) -> Iterable[Finding]:
    return (*judgement.risks, *judgement.opportunities, *judgement.unknowns)


def _says_nothing(memory: AccountMemory, judgement: Judgement) -> bool:
    """Whether there is no more to an account than its name: the first state is of one that has something."""
    return judgement.posture is Posture.DORMANT and not memory.signals


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
