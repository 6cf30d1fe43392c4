"""Builds what the orchestrator writes, each with an id derived from the action and what happened to it."""

from collections.abc import Sequence

from revloop.contracts.envelope import caused
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import (
    Action,
    ActionState,
    Approval,
    ApprovalStatus,
    Command,
    CommandResult,
    Envelope,
    LedgerEntry,
    LedgerKind,
    UndoOrder,
)
from revloop.contracts.ids import canonical, content_hash, derive_id
from revloop.stage import Emit

SOURCE = "orchestrator"


def advance(
    cause: Envelope,
    before: Action,
    state: ActionState,
    *,
    reason: str,
    now: int,
    approved_by: str | None = None,
    not_after: int | None = None,
    undo: UndoOrder | None = None,
) -> Action:
    """``before`` moved to ``state`` because of ``cause`` at ``now`` (ms, tenant's clock)."""
    return caused(
        Action,
        cause,
        event_id=derive_id("acx", before.action_id, state.value, cause.event_id),
        source=SOURCE,
        observed_at=now,
        account_id=before.account_id,
        action_id=before.action_id,
        state=state,
        decision_id=before.decision_id,
        proposal=before.proposal,
        request_id=before.request_id,
        approved_by=before.approved_by if approved_by is None else approved_by,
        binding_hash=before.binding_hash,
        not_after=before.not_after if not_after is None else not_after,
        reason=reason,
        undo=undo,
    )


def settle(cause: Envelope, before: Approval, status: ApprovalStatus, *, by: str, note: str, now: int) -> Approval:
    """``before`` with its final ``status``; an approval is settled once."""
    return caused(
        Approval,
        cause,
        event_id=derive_id("apx", before.request_id, status.value, cause.event_id),
        source=SOURCE,
        observed_at=now,
        account_id=before.account_id,
        request_id=before.request_id,
        action_id=before.action_id,
        decision_id=before.decision_id,
        status=status,
        binding=before.binding,
        binding_hash=before.binding_hash,
        proposal=before.proposal,
        requested_at=before.requested_at,
        expires_at=before.expires_at,
        decided_by=by,
        note=note,
    )


def answer(command: Command, *, accepted: bool, code: str, message: str, state: str) -> CommandResult:
    """The one answer to ``command``."""
    return caused(
        CommandResult,
        command,
        event_id=derive_id("res", command.tenant_id, command.command_id, code),
        source=SOURCE,
        command_id=command.command_id,
        accepted=accepted,
        code=code,
        message=message,
        subject_id=command.subject_id,
        state=state,
    )


def entry(
    cause: Envelope, kind: LedgerKind, subject_id: str, decision_id: str, what: str, facts: dict[str, object]
) -> LedgerEntry:
    """A ledger entry; ``what`` tells apart entries of one kind about one subject, so that a repeat has the same id."""
    entry_id = derive_id("led", cause.tenant_id, kind.value, subject_id, what)
    return caused(
        LedgerEntry,
        cause,
        event_id=entry_id,
        source=SOURCE,
        entry_id=entry_id,
        kind=kind,
        subject_id=subject_id,
        decision_id=decision_id,
        payload=canonical({"what": what, **facts}),
    )


def action_facts(action: Action) -> dict[str, object]:
    """What the ledger keeps of an action: enough to show what was done, for whom and on which ground."""
    proposal = action.proposal
    return {
        "account": action.account_id,
        "action": action.action_id,
        "state": action.state.value,
        "kind": proposal.action_kind,
        "target": {"system": proposal.target.system, "object": proposal.target.object, "id": proposal.target.object_id},
        "proposal_hash": content_hash(proposal),
        "binding": action.binding_hash,
        "approved_by": action.approved_by,
        "reason": action.reason,
    }


def emit_actions(actions: Sequence[Action]) -> list[Emit]:
    """Each action event on its topic."""
    return [Emit(topics.ACTIONS, action) for action in actions]
