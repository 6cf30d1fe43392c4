"""Decision's core: gathers what happened to an account, decides once it has settled, and records on what ground."""

from collections.abc import Mapping, Sequence

import msgspec

from revloop.contracts.actions import Catalogue
from revloop.contracts.envelope import caused
from revloop.contracts.failures import Reject
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import (
    AccountState,
    Basis,
    Decision,
    DecisionMemory,
    Envelope,
    LedgerEntry,
    LedgerKind,
    StateRecord,
    Tick,
)
from revloop.contracts.ids import canonical, content_hash, derive_id
from revloop.contracts.keys import join_key
from revloop.contracts.times import HOUR_MS
from revloop.policy.gate import Gate
from revloop.stage import Due, Effects, Emit, Refusal
from revloop.tenants import Profile, Registry
from services.decision.core.derive import PROPOSER, SOURCE, BrokenContract, Proposer, no_action
from services.decision.core.playbook import Play

BATCH = "SIGNAL_BATCH_READY"
POSTURE = "POSTURE_CHANGE"
CITED_SIGNALS = 50
"""Signals a basis names as its trigger; what came after them is in the state."""
EMPTY = DecisionMemory(
    state=None, trigger="", trigger_signal_ids=(), triggered_at=None, decided=(), last_decision_id="", due_at=None
)


class DecisionCore:
    """Pure: profiles, playbooks, catalogue and policy are given once and do not change while it lives."""

    def __init__(self, registry: Registry, playbooks: Sequence[Play], catalogue: Catalogue, gate: Gate) -> None:
        """Raises UnknownTenant for policies of a tenant without a profile: a misspelt name must not open its gate."""
        for tenant in gate.tenants():
            registry.get(tenant)
        self._registry = registry
        self._proposer = Proposer(playbooks, catalogue, gate)

    def clock_of(self, tenant_id: str) -> str:
        """The clock of the tenant's profile."""
        return self._registry.get(tenant_id).clock_id

    def keys(self, event: Envelope | Due) -> Sequence[str]:
        """One state an account."""
        return (join_key(event.tenant_id, event.account_id),) if isinstance(event, AccountState) else ()

    def step(self, states: Mapping[str, StateRecord], event: Envelope | Due, now: int) -> Effects:
        """States are gathered, time decides, ticks go on to the decisions."""
        match event:
            case Tick():
                return Effects(emits=(Emit(topics.DECISIONS, event),))
            case AccountState():
                key = self.keys(event)[0]
                return self._gather(key, _memory(states, key), event, now)
            case Due():
                return self._decide(event, _memory(states, event.key))
            case _:
                raise Reject(
                    "unexpected_event", f"Decision has no use for {event.event_type}: check schemas/topics.yaml."
                )

    def _gather(self, key: str, memory: DecisionMemory, state: AccountState, now: int) -> Effects:
        if trigger := _trigger(state):
            return Effects({key: self._armed(memory, state, trigger, now)})
        if memory.state is not None:
            return Effects({key: msgspec.structs.replace(memory, state=state)})  # decide on what is true by then
        return Effects()

    def _armed(self, memory: DecisionMemory, state: AccountState, trigger: str, now: int) -> DecisionMemory:
        ids = tuple(dict.fromkeys((*memory.trigger_signal_ids, *state.new_signals)))[:CITED_SIGNALS]
        if memory.state is not None:  # gathered from the first cause on: a steady stream must not put it off for ever
            return msgspec.structs.replace(memory, state=state, trigger_signal_ids=ids)
        profile = self._registry.get(state.tenant_id)
        rested = memory.decided[-1] + profile.cooldown_ms if memory.decided else now
        return msgspec.structs.replace(
            memory,
            state=state,
            trigger=trigger,
            trigger_signal_ids=ids,
            triggered_at=now,
            due_at=max(now + profile.debounce_ms, rested),
        )

    def _decide(self, due: Due, memory: DecisionMemory) -> Effects:
        now, state = due.tick.observed_at, memory.state
        if state is None:
            return Effects({due.key: msgspec.structs.replace(memory, due_at=None)})
        profile = self._registry.get(state.tenant_id)
        recent = tuple(at for at in memory.decided if at > now - HOUR_MS)
        if len(recent) >= profile.decisions_per_hour:
            waiting = msgspec.structs.replace(memory, decided=recent, due_at=recent[0] + HOUR_MS)
            return Effects({due.key: waiting})
        decision, refusals = self._derive(state, self._basis(memory, state, profile, recent, now), profile)
        remembered = msgspec.structs.replace(EMPTY, decided=(*recent, now), last_decision_id=decision.decision_id)
        emits = (Emit(topics.DECISIONS, decision), Emit(topics.LEDGER_ENTRIES, _entry(decision)))
        return Effects({due.key: remembered}, emits, refusals)

    def _derive(self, state: AccountState, basis: Basis, profile: Profile) -> tuple[Decision, tuple[Refusal, ...]]:
        try:
            return self._proposer.derive(state, basis, profile), ()
        except BrokenContract as error:
            detail = f"{state.event_id}: {error} Mend the playbook, then drive the state again."
            return no_action(state, basis, f"the proposer broke the contract: {error}"), (
                Refusal("broken_contract", detail),
            )

    def _basis(
        self, memory: DecisionMemory, state: AccountState, profile: Profile, recent: tuple[int, ...], now: int
    ) -> Basis:
        assert memory.triggered_at is not None  # set together with the state that waits
        return Basis(
            state_event_id=state.event_id,
            state_snapshot_id=state.snapshot_id,
            ruleset=state.ruleset,
            policy_version=self._proposer.policy_version(state.tenant_id),
            catalogue_version=self._proposer.version,
            profile_version=profile.version,
            proposer=PROPOSER,
            trigger=memory.trigger,
            trigger_signal_ids=memory.trigger_signal_ids,
            triggered_at=memory.triggered_at,
            decided_at=now,
            recent_decisions=recent,
        )


def _trigger(state: AccountState) -> str:
    if state.echo_only:
        return ""
    if state.new_signals:
        return BATCH
    moved = state.previous_posture is not None and state.previous_posture is not state.posture
    return POSTURE if moved else ""


def _memory(states: Mapping[str, StateRecord], key: str) -> DecisionMemory:
    memory = states.get(key, EMPTY)
    assert isinstance(memory, DecisionMemory)  # the table holds nothing else
    return memory


def _entry(decision: Decision) -> LedgerEntry:
    entry_id = derive_id("led", decision.tenant_id, LedgerKind.DECISION.value, decision.decision_id)
    facts = {
        "account": decision.account_id,
        "outcome": decision.outcome.value,
        "reason": decision.reason,
        "basis": decision.basis,
        "proposals": [
            {
                "id": proposal.proposal_id,
                "kind": proposal.action_kind,
                "rank": proposal.rank,
                "score": proposal.score,
                "verdict": proposal.gate.verdict.value,
                "policies": proposal.gate.policy_ids,
                "hash": content_hash(proposal),
            }
            for proposal in decision.proposals
        ],
    }
    return caused(
        LedgerEntry,
        decision,
        event_id=entry_id,
        source=SOURCE,
        entry_id=entry_id,
        kind=LedgerKind.DECISION,
        subject_id=decision.decision_id,
        decision_id=decision.decision_id,
        payload=canonical(facts),
    )
