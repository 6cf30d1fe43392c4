"""One event of the spine comes in; what it adds to the read model goes out: a fact of history, and what stands now."""

import msgspec

from revloop.contracts.generated import topics
from revloop.contracts.generated.events import (
    AccountState,
    Action,
    ActionState,
    Approval,
    CommandResult,
    Decision,
    EntityChange,
    Envelope,
    LedgerReceipt,
    Outcome,
    SignalChange,
    Snapshot,
    Unresolved,
)
from revloop.contracts.keys import split_key

UNRESOLVED = "unresolved"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an event belongs in the read model."""

    ref: str
    """What it is about: readers look events up by it."""
    decision: str = ""
    """The decision it belongs to."""
    standing: str = ""
    """Kind under which its subject stands now; empty for pure history."""
    status: str = ""
    """Status of the subject after the event."""
    score: float = 0.0
    """Order among its kind, best first."""


def place(event: Envelope) -> Place | None:
    """The place of ``event``; None for what the history does not keep."""
    return _place_of_knowledge(event) or _place_of_order(event)


def _place_of_knowledge(event: Envelope) -> Place | None:
    match event:
        case Snapshot():
            return Place(ref=event.snapshot_id)
        case Unresolved():
            return Place(ref=event.snapshot_id, standing=UNRESOLVED, status="waiting")
        case EntityChange():
            return Place(ref=event.entity.entity_id)
        case SignalChange():
            return Place(ref=event.signal_id, standing="signal", status=event.status.value)
        case AccountState():
            return Place(
                ref=event.snapshot_id, standing="state", status=event.posture.value, score=100.0 - event.health
            )
        case _:
            return None


def _place_of_order(event: Envelope) -> Place | None:
    match event:
        case Decision():
            return Place(
                ref=event.decision_id, decision=event.decision_id, standing="decision", status=event.outcome.value
            )
        case Approval():
            return Place(
                ref=event.request_id,
                decision=event.decision_id,
                standing="approval",
                status=event.status.value,
                score=event.proposal.score,
            )
        case Action():
            return Place(
                ref=event.action_id,
                decision=event.decision_id,
                standing="action",
                status=event.state.value,
                score=event.proposal.score,
            )
        case Outcome():
            return Place(ref=event.action_id)
        case CommandResult():
            return Place(ref=event.command_id, standing="result", status=event.code)
        case LedgerReceipt():
            return Place(ref=event.subject_id)
        case _:
            return None


def identity(event: Envelope, found: Place) -> str:
    """Under which id the subject of ``event`` stands: an account's state stands under the account."""
    return event.account_id if isinstance(event, AccountState) else found.ref


def ended(topic: str, key: str) -> tuple[str, str, str] | None:
    """(tenant, kind, id) of what stands no more because of a tombstone; None where nothing ever stood."""
    parts = split_key(key)
    if topic != topics.RAW_UNRESOLVED or len(parts) != 3:
        return None
    return parts[0], UNRESOLVED, parts[2]


OPEN_STATES = frozenset({ActionState.APPROVAL_PENDING, ActionState.QUEUED, ActionState.UNDOING})
"""States in which an action still waits for somebody or something."""
