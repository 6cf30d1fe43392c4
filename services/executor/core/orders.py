"""An action in state QUEUED or UNDOING comes in; an order for the queue and its intent entry go out."""

from enum import StrEnum

from revloop.contracts.envelope import caused
from revloop.contracts.generated.events import (
    Action,
    ActionState,
    ExternalReference,
    LedgerEntry,
    LedgerKind,
    Outcome,
    OutcomeStatus,
    Target,
)
from revloop.contracts.ids import canonical, content_hash, derive_id

SOURCE = "executor"

Fields = dict[str, bool | int | float | str | None]
"""Normalised field values."""


class Direction(StrEnum):
    """What an order asks for."""

    DO = "do"
    UNDO = "undo"


def direction_of(action: Action) -> Direction | None:
    """Which order the action gives; None when it gives none."""
    return {ActionState.QUEUED: Direction.DO, ActionState.UNDOING: Direction.UNDO}.get(action.state)


def order_id(action: Action, direction: Direction) -> str:
    """One order for each action and direction: a repeat of the event finds it in the queue."""
    return f"{action.action_id}:{direction.value}"


def intent(action: Action, direction: Direction) -> LedgerEntry:
    """The entry that must be in the log before the effect begins."""
    subject = order_id(action, direction)
    entry_id = derive_id("led", action.tenant_id, LedgerKind.INTENT.value, subject)
    proposal = action.proposal
    facts = {
        "what": f"INTENT {direction.value}",
        "account": action.account_id,
        "action": action.action_id,
        "kind": proposal.action_kind,
        "target": {"system": proposal.target.system, "object": proposal.target.object, "id": proposal.target.object_id},
        "proposal_hash": content_hash(proposal),
        "binding": action.binding_hash,
        "approved_by": action.approved_by,
        "requested_by": action.undo.requested_by if action.undo else "",
    }
    return caused(
        LedgerEntry,
        action,
        event_id=entry_id,
        source=SOURCE,
        entry_id=entry_id,
        kind=LedgerKind.INTENT,
        subject_id=subject,
        decision_id=action.decision_id,
        payload=canonical(facts),
    )


def outcome(
    action: Action,
    direction: Direction,
    status: OutcomeStatus,
    *,
    target: Target,
    occurred_at: int,
    intent_entry_id: str,
    error_kind: str = "",
    message: str = "",
    before: Fields | None = None,
    after: Fields | None = None,
    url: str = "",
) -> Outcome:
    """The one outcome of an order; its id rests on the order alone, so that a second report is the same event."""
    reference = ExternalReference(system=target.system, object=target.object, object_id=target.object_id, url=url)
    return caused(
        Outcome,
        action,
        event_id=derive_id("out", order_id(action, direction)),
        source=SOURCE,
        occurred_at=occurred_at,
        action_id=action.action_id,
        action_kind=action.proposal.action_kind,
        status=status,
        error_kind=error_kind,
        message=message,
        target=target,
        before=before or {},
        after=after or {},
        references=(reference,) if target.object_id else (),
        intent_entry_id=intent_entry_id,
    )
