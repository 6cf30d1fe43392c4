"""The orchestrator's core: one account's decisions, commands and outcomes in order, and the actions they lead to."""

from collections.abc import Mapping, Sequence

import msgspec

from revloop.contracts.actions import Catalogue
from revloop.contracts.failures import Reject
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import (
    ActionMemory,
    ActionState,
    ApprovalStatus,
    Command,
    Decision,
    Envelope,
    HandledCommand,
    LedgerKind,
    Outcome,
    StateRecord,
    Tick,
    TrackedAction,
)
from revloop.contracts.ids import content_hash
from revloop.contracts.keys import join_key
from revloop.policy.assertion import TrustedKeys
from revloop.stage import Due, Effects, Emit
from revloop.tenants import Registry
from services.orchestrator.core.commands import Judge, repeated
from services.orchestrator.core.proposals import plan
from services.orchestrator.core.records import action_facts, advance, entry, settle

KEPT_ACTIONS = 200
"""Actions remembered for one account; finished ones beyond it are forgotten, oldest first, and cannot be undone."""
KEPT_COMMANDS = 256
"""Answered commands remembered for one account; a repeat past it finds its request decided and is refused for that."""

FINISHED = frozenset(
    {
        ActionState.REJECTED,
        ActionState.EXPIRED,
        ActionState.SUPERSEDED,
        ActionState.REFUSED,
        ActionState.SUCCEEDED,
        ActionState.FAILED,
        ActionState.CANCELLED,
        ActionState.UNDONE,
        ActionState.UNDO_REFUSED,
    }
)
EMPTY = ActionMemory(actions=(), commands=(), due_at=None)


class OrchestratorCore:
    """Pure: the trusted keys and the tenants' profiles are given once and do not change while it lives."""

    def __init__(self, registry: Registry, keys: TrustedKeys, catalogue: Catalogue) -> None:
        self._registry = registry
        self._keys = keys
        self._catalogue = catalogue

    def keys(self, event: Envelope | Due) -> Sequence[str]:
        """One state an account."""
        return () if isinstance(event, Tick | Due) else (join_key(event.tenant_id, event.account_id),)

    def clock_of(self, tenant_id: str) -> str:
        """The clock of the tenant's profile."""
        return self._registry.get(tenant_id).clock_id

    def step(self, states: Mapping[str, StateRecord], event: Envelope | Due, now: int) -> Effects:
        """Decisions open requests, commands settle them, outcomes finish actions, time expires what nobody answered."""
        match event:
            case Tick():
                return Effects()
            case Due():
                return self._expire(event.key, _memory(states, event.key), event)
            case Decision():
                return self._plan(join_key(event.tenant_id, event.account_id), states, event)
            case Command():
                return self._command(join_key(event.tenant_id, event.account_id), states, event)
            case Outcome():
                return self._finish(join_key(event.tenant_id, event.account_id), states, event)
            case _:
                raise Reject(
                    "unexpected_event",
                    f"The orchestrator has no use for {event.event_type}: check schemas/topics.yaml.",
                )

    def _plan(self, key: str, states: Mapping[str, StateRecord], decision: Decision) -> Effects:
        memory = _memory(states, key)
        ttl_ms = self._registry.get(decision.tenant_id).approval_ttl_ms
        planned = plan(memory.actions, decision, ttl_ms)
        if not planned.emits:
            return Effects()
        return Effects({key: _remember(memory, planned.actions)}, planned.emits)

    def _command(self, key: str, states: Mapping[str, StateRecord], command: Command) -> Effects:
        memory = _memory(states, key)
        fingerprint = content_hash(
            [command.kind, command.subject_id, command.binding_hash, command.actor, command.note]
        )
        for handled in memory.commands:
            if handled.command_id == command.command_id and handled.fingerprint == fingerprint:
                return Effects(emits=(repeated(command),))  # it was answered once, whoever sent it again
        judge = Judge(self._keys, self._catalogue, self.clock_of(command.tenant_id) == "wall")
        judged = judge.judge(_by_name(memory.actions), command)
        if judged.identified:  # a forged copy must not make the genuine order look like a repeat
            noted = HandledCommand(
                command_id=command.command_id, fingerprint=fingerprint, handled_at=command.received_at
            )
            memory = msgspec.structs.replace(memory, commands=(noted, *memory.commands)[:KEPT_COMMANDS])
        actions = memory.actions if judged.changed is None else _replaced(memory.actions, judged.changed)
        return Effects({key: _remember(memory, actions)}, judged.emits)

    def _finish(self, key: str, states: Mapping[str, StateRecord], outcome: Outcome) -> Effects:
        memory = _memory(states, key)
        item = _by_name(memory.actions).get(outcome.action_id)
        if item is None:
            raise Reject(
                "unknown_action", f"No action {outcome.action_id} is remembered for this account: was its state lost?"
            )
        state = ActionState(outcome.status.value)
        if item.action.state is state:
            return Effects()  # the executor reports at least once
        action = advance(outcome, item.action, state, reason=outcome.message, now=outcome.observed_at)
        done = outcome if state is ActionState.SUCCEEDED else item.outcome
        facts = {
            **action_facts(action),
            "error": outcome.error_kind,
            "before": outcome.before,
            "after": outcome.after,
            "intent": outcome.intent_entry_id,
        }
        record = entry(outcome, LedgerKind.OUTCOME, action.action_id, action.decision_id, state.value, facts)
        changed = TrackedAction(action=action, approval=item.approval, outcome=done)
        emits = (Emit(topics.ACTIONS, action), Emit(topics.LEDGER_ENTRIES, record))
        return Effects({key: _remember(memory, _replaced(memory.actions, changed))}, emits)

    def _expire(self, key: str, memory: ActionMemory, due: Due) -> Effects:
        emits: list[Emit] = []
        actions = tuple(_expired(item, due, emits) for item in memory.actions)
        return Effects({key: _remember(memory, actions)}, emits)


def _expired(item: TrackedAction, due: Due, emits: list[Emit]) -> TrackedAction:
    approval = item.approval
    now = due.tick.observed_at
    if approval is None or approval.status is not ApprovalStatus.PENDING or approval.expires_at > now:
        return item
    cause = msgspec.structs.replace(item.action, occurred_at=due.tick.occurred_at, observed_at=now)
    reason = "Nobody answered in time; time-out expires, it never approves."
    settled = settle(cause, approval, ApprovalStatus.EXPIRED, by="", note=reason, now=now)
    action = advance(cause, item.action, ActionState.EXPIRED, reason=reason, now=now)
    record = entry(
        action, LedgerKind.APPROVAL, approval.request_id, action.decision_id, "EXPIRED", action_facts(action)
    )
    emits += [Emit(topics.APPROVALS, settled), Emit(topics.ACTIONS, action), Emit(topics.LEDGER_ENTRIES, record)]
    return TrackedAction(action=action, approval=settled, outcome=None)


def _memory(states: Mapping[str, StateRecord], key: str) -> ActionMemory:
    memory = states.get(key, EMPTY)
    assert isinstance(memory, ActionMemory)  # the table holds nothing else
    return memory


def _by_name(actions: Sequence[TrackedAction]) -> dict[str, TrackedAction]:
    names = ((name, item) for item in actions for name in (item.action.action_id, item.action.request_id) if name)
    return dict(names)


def _replaced(actions: Sequence[TrackedAction], changed: TrackedAction) -> tuple[TrackedAction, ...]:
    return tuple(changed if item.action.action_id == changed.action.action_id else item for item in actions)


def _remember(memory: ActionMemory, actions: Sequence[TrackedAction]) -> ActionMemory:
    surplus = max(0, len(actions) - KEPT_ACTIONS)
    oldest = [item.action.action_id for item in actions if item.action.state in FINISHED][:surplus]
    kept = tuple(item for item in actions if item.action.action_id not in oldest) if oldest else tuple(actions)
    pending = (
        item.approval.expires_at for item in kept if item.approval and item.approval.status is ApprovalStatus.PENDING
    )
    return ActionMemory(actions=kept, commands=memory.commands, due_at=min(pending, default=None))
