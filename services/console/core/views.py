"""Events of the read model come in; what people and programs read of them goes out, in one order and in plain words."""

from collections.abc import Iterable

import msgspec

from revloop.contracts.generated.events import (
    AccountState,
    Action,
    Approval,
    CommandResult,
    Decision,
    EntityChange,
    Envelope,
    Evidence,
    LedgerReceipt,
    Outcome,
    SignalChange,
    Snapshot,
)
from revloop.contracts.times import iso


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a timeline."""

    at: str
    kind: str
    text: str
    event_id: str
    ledger_index: int | None


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list of what to do."""

    account: str
    name: str
    """What people call the account; its key where no record says."""
    title: str
    state: str
    score: float
    confidence: float
    why: str
    action_id: str
    request_id: str
    decision_id: str
    binding_hash: str
    proposed_at: str
    expires_at: str


def option(action: Action, approval: Approval | None, name: str) -> Option:
    """The line of ``action`` in the list."""
    proposal = action.proposal
    return Option(
        account=action.account_id,
        name=name or action.account_id,
        title=proposal.title,
        state=action.state.value,
        score=proposal.score,
        confidence=proposal.confidence,
        why=proposal.why[0].text if proposal.why else "",
        action_id=action.action_id,
        request_id=action.request_id,
        decision_id=action.decision_id,
        binding_hash=action.binding_hash,
        proposed_at=iso(approval.requested_at if approval else action.observed_at),
        expires_at=iso(approval.expires_at) if approval else "",
    )


def describe(event: Envelope) -> tuple[str, str]:
    """(kind, one line) of an event for a timeline."""
    return _describe_knowledge(event) or _describe_order(event) or (event.event_type, "")


def _describe_knowledge(event: Envelope) -> tuple[str, str] | None:
    match event:
        case Snapshot():
            return "record", f"{event.entity.entity_type} {event.entity.entity_key} read from {event.source}"
        case EntityChange():
            what = ", ".join(event.changed) or event.change.value
            return "change", f"{event.entity.entity_type} {event.entity.entity_key}: {what}"
        case SignalChange():
            return (
                "signal",
                f"{event.signal_type} {event.change.value} ({event.severity.value}) on {event.entity.entity_key}",
            )
        case AccountState():
            return "state", f"{event.posture.value}, health {event.health}"
        case _:
            return None


def _describe_order(event: Envelope) -> tuple[str, str] | None:
    match event:
        case Decision():
            return "decision", event.summary or event.reason
        case Approval():
            by = f" by {event.decided_by}" if event.decided_by else ""
            return "approval", f"{event.status.value}{by}: {event.proposal.title}"
        case Action():
            return "action", f"{event.state.value}: {event.proposal.title}"
        case Outcome():
            return "outcome", f"{event.status.value} {event.message}".strip()
        case CommandResult():
            return "answer", f"{event.code}: {event.message}"
        case LedgerReceipt():
            return "ledger", f"{event.kind} at index {event.index}"
        case _:
            return None


def timeline(events: Iterable[Envelope], receipts: Iterable[LedgerReceipt]) -> list[Step]:
    """Events in the order given, each with its ledger index where the log holds it."""
    indexes = {receipt.caused_by: receipt.index for receipt in receipts}
    steps = []
    for event in events:
        kind, text = describe(event)
        index = indexes.get(event.event_id)
        steps.append(Step(at=iso(event.observed_at), kind=kind, text=text, event_id=event.event_id, ledger_index=index))
    return steps


def evidence_of(action: Action) -> list[Evidence]:
    """Every record behind an action's sentences, once, in the order the sentences cite them."""
    return once(item for statement in action.proposal.why for item in statement.evidence)


def once(found: Iterable[Evidence]) -> list[Evidence]:
    """Each field of each record once, in the order given."""
    seen: dict[tuple[str, str], Evidence] = {}
    for item in found:
        seen.setdefault((item.snapshot_id, item.field), item)
    return list(seen.values())
