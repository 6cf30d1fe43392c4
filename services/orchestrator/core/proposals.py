"""A decision comes in: each proposal becomes an action that waits for a person, runs alone, or is refused by policy."""

import msgspec

from revloop.contracts.envelope import caused
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import (
    Action,
    ActionState,
    Approval,
    ApprovalStatus,
    Decision,
    LedgerKind,
    Proposal,
    TrackedAction,
    Verdict,
)
from revloop.contracts.ids import derive_id
from revloop.policy.binding import bind, binding_hash
from revloop.stage import Emit
from services.orchestrator.core.records import SOURCE, action_facts, advance, entry, settle


class Planned(msgspec.Struct, frozen=True):
    """Tracked actions after a decision, and what is to be written."""

    actions: tuple[TrackedAction, ...]
    emits: tuple[Emit, ...]


def plan(actions: tuple[TrackedAction, ...], decision: Decision, ttl_ms: int) -> Planned:
    """Take over ``decision``: unchanged requests stay open, other open ones are withdrawn, the new ones begin."""
    fresh = [_begin(decision, proposal, ttl_ms) for proposal in decision.proposals]
    settled = {_identity(item) for item in actions if _pending(item) or item.action.state is ActionState.REJECTED}
    wanted = {_identity(item) for item in fresh}
    emits: list[Emit] = []
    kept: list[TrackedAction] = []
    for item in actions:
        if _pending(item) and _identity(item) not in wanted:
            item = _supersede(item, decision, emits)
        kept.append(item)
    for item in fresh:
        if _pending(item) and _identity(item) in settled:
            continue  # the very same request is open, or was rejected: asking again would only tire the reader
        kept.append(item)
        emits.extend(_announce(item))
    return Planned(tuple(kept), tuple(emits))


def _identity(item: TrackedAction) -> str:
    return item.action.binding_hash


def _pending(item: TrackedAction) -> bool:
    return item.approval is not None and item.approval.status is ApprovalStatus.PENDING


def _begin(decision: Decision, proposal: Proposal, ttl_ms: int) -> TrackedAction:
    binding = bind(proposal)
    action_id = derive_id("act", decision.decision_id, proposal.proposal_id)
    verdict = proposal.gate.verdict
    state = {
        Verdict.ALLOW: ActionState.QUEUED,
        Verdict.APPROVE: ActionState.APPROVAL_PENDING,
        Verdict.REFUSE: ActionState.REFUSED,
    }[verdict]
    request_id = derive_id("apr", action_id) if verdict is Verdict.APPROVE else ""
    action = caused(
        Action,
        decision,
        event_id=derive_id("acx", action_id, state.value, decision.event_id),
        source=SOURCE,
        action_id=action_id,
        state=state,
        decision_id=decision.decision_id,
        proposal=proposal,
        request_id=request_id,
        approved_by=f"policy:{','.join(proposal.gate.policy_ids)}" if verdict is Verdict.ALLOW else "",
        binding_hash=binding_hash(binding),
        not_after=None,
        reason=" ".join(proposal.gate.reasons),
        undo=None,
    )
    if not request_id:
        return TrackedAction(action=action, approval=None, outcome=None)
    approval = caused(
        Approval,
        decision,
        event_id=derive_id("apx", request_id, ApprovalStatus.PENDING.value, decision.event_id),
        source=SOURCE,
        request_id=request_id,
        action_id=action_id,
        decision_id=decision.decision_id,
        status=ApprovalStatus.PENDING,
        binding=binding,
        binding_hash=action.binding_hash,
        proposal=proposal,
        requested_at=decision.observed_at,
        expires_at=decision.observed_at + ttl_ms,
        decided_by="",
        note="",
    )
    return TrackedAction(action=action, approval=approval, outcome=None)


def _announce(item: TrackedAction) -> list[Emit]:
    action = item.action
    emits = [Emit(topics.ACTIONS, action)]
    if item.approval is not None:
        emits.append(Emit(topics.APPROVALS, item.approval))
    facts = action_facts(action)
    emits.append(
        Emit(
            topics.LEDGER_ENTRIES,
            entry(action, LedgerKind.ACTION, action.action_id, action.decision_id, action.state.value, facts),
        )
    )
    return emits


def _supersede(item: TrackedAction, decision: Decision, emits: list[Emit]) -> TrackedAction:
    assert item.approval is not None  # only pending requests are superseded
    now = decision.observed_at
    reason = f"Decision {decision.decision_id} no longer proposes it: the account has changed since."
    approval = settle(decision, item.approval, ApprovalStatus.SUPERSEDED, by="", note=reason, now=now)
    action = advance(decision, item.action, ActionState.SUPERSEDED, reason=reason, now=now)
    record = entry(
        action, LedgerKind.APPROVAL, approval.request_id, action.decision_id, "SUPERSEDED", action_facts(action)
    )
    emits += [
        Emit(topics.APPROVALS, approval),
        Emit(topics.ACTIONS, action),
        Emit(topics.LEDGER_ENTRIES, record),
    ]
    return TrackedAction(action=action, approval=approval, outcome=None)
