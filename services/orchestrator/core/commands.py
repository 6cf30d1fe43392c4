"""A person's command comes in; it takes effect once or is refused with the reason, and is answered and recorded."""

from collections.abc import Mapping

import msgspec

from revloop.contracts.actions import Catalogue
from revloop.contracts.failures import Reject
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import (
    ActionState,
    ApprovalStatus,
    Command,
    CommandKind,
    LedgerKind,
    TrackedAction,
    UndoOrder,
)
from revloop.contracts.times import DAY_MS
from revloop.policy.approval import may_approve
from revloop.policy.assertion import Claims, TrustedKeys, command_hash, verify
from revloop.stage import Emit
from services.orchestrator.core.records import action_facts, advance, answer, entry, settle

START_WITHIN_MS = DAY_MS
"""An approved action that could not begin within this time (wall clock) is not done any more."""


class Refused(Exception):
    """A command that takes no effect; ``code`` is one word, the message tells the person what to do next."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Judged(msgspec.Struct, frozen=True):
    """The tracked action after a command (None when untouched) and what is to be written."""

    changed: TrackedAction | None
    emits: tuple[Emit, ...]
    identified: bool
    """Whether it is known who gave the order."""


class Judge(msgspec.Struct, frozen=True):
    """Judges commands against the tracked actions of their account."""

    keys: TrustedKeys
    catalogue: Catalogue
    wall_clock: bool
    """Whether the tenant lives on the wall clock, so that the command's own time can expire a request."""

    def judge(self, actions: Mapping[str, TrackedAction], command: Command) -> Judged:
        """``actions`` by approval request id and by action id."""
        item = actions.get(command.subject_id)
        try:
            claims = self._identify(command)
        except Refused as refusal:
            return _refuse(item, command, refusal, identified=False)
        try:
            if item is None:
                raise Refused(
                    "UNKNOWN_SUBJECT", f"{command.subject_id} is not known for this account: list with `revloop top`."
                )
            changed, emits = self._apply(item, command, claims)
        except Refused as refusal:
            return _refuse(item, command, refusal, identified=True)
        return Judged(changed, tuple(emits), identified=True)

    def _identify(self, command: Command) -> Claims:
        try:
            claims = verify(
                command.assertion, self.keys, now_ms=command.received_at, command_hash=command_hash(command)
            )
        except Reject as error:
            raise Refused(error.reason.upper(), error.detail) from error
        if claims.tenant_id != command.tenant_id:
            raise Refused("WRONG_TENANT", "The assertion belongs to another tenant: sign in for this one.")
        return claims

    def _apply(self, item: TrackedAction, command: Command, claims: Claims) -> tuple[TrackedAction, list[Emit]]:
        if (why := may_approve(claims, item.action)) is not None:
            raise Refused("NOT_ALLOWED", why)
        match command.kind:
            case CommandKind.approve:
                return self._approve(item, command, claims)
            case CommandKind.reject:
                return self._reject(item, command, claims)
            case CommandKind.undo:
                return self._undo(item, command, claims)

    def _pending(self, item: TrackedAction, command: Command) -> None:
        approval = item.approval
        if approval is None:
            raise Refused("NO_APPROVAL_NEEDED", "This action does not wait for anybody.")
        if approval.status is not ApprovalStatus.PENDING:
            by = f" by {approval.decided_by}" if approval.decided_by else ""
            raise Refused(
                f"ALREADY_{approval.status.value}",
                f"The request is {approval.status.value.lower()}{by}; an approval counts once.",
            )
        if self.wall_clock and command.received_at > approval.expires_at:
            raise Refused("EXPIRED", "The request has expired; wait for the next proposal.")

    def _approve(self, item: TrackedAction, command: Command, claims: Claims) -> tuple[TrackedAction, list[Emit]]:
        self._pending(item, command)
        approval = item.approval
        assert approval is not None  # _pending refused otherwise
        if command.binding_hash != approval.binding_hash:
            raise Refused(
                "CHANGED", "What you saw is not what would be done now: look again, then approve what you see."
            )
        now = command.observed_at
        note = command.note
        settled = settle(command, approval, ApprovalStatus.APPROVED, by=claims.subject, note=note, now=now)
        action = advance(
            command,
            item.action,
            ActionState.QUEUED,
            reason=note,
            now=now,
            approved_by=claims.subject,
            not_after=command.received_at + START_WITHIN_MS,
        )
        changed = TrackedAction(action=action, approval=settled, outcome=None)
        return changed, [
            Emit(topics.APPROVALS, settled),
            *_done(changed, command, LedgerKind.APPROVAL, approval.request_id),
        ]

    def _reject(self, item: TrackedAction, command: Command, claims: Claims) -> tuple[TrackedAction, list[Emit]]:
        self._pending(item, command)
        approval = item.approval
        assert approval is not None  # _pending refused otherwise
        now = command.observed_at
        settled = settle(command, approval, ApprovalStatus.REJECTED, by=claims.subject, note=command.note, now=now)
        action = advance(command, item.action, ActionState.REJECTED, reason=command.note, now=now)
        changed = TrackedAction(action=action, approval=settled, outcome=None)
        return changed, [
            Emit(topics.APPROVALS, settled),
            *_done(changed, command, LedgerKind.APPROVAL, approval.request_id),
        ]

    def _undo(self, item: TrackedAction, command: Command, claims: Claims) -> tuple[TrackedAction, list[Emit]]:
        action, outcome = item.action, item.outcome
        if action.state is not ActionState.SUCCEEDED or outcome is None:
            raise Refused("NOT_DONE", f"Only an action that succeeded can be undone; this one is {action.state.value}.")
        if not self.catalogue.kind(action.proposal.action_kind).reversible:
            raise Refused("IRREVERSIBLE", f"{action.proposal.action_kind} cannot be undone.")
        created = outcome.target.object_id if not action.proposal.target.object_id else ""
        order = UndoOrder(
            requested_by=claims.subject,
            restore=outcome.before,
            expect=outcome.after,
            target_version=outcome.target.version,
            created_id=created,
        )
        undoing = advance(
            command,
            action,
            ActionState.UNDOING,
            reason=command.note,
            now=command.observed_at,
            not_after=command.received_at + START_WITHIN_MS,
            undo=order,
        )
        changed = TrackedAction(action=undoing, approval=item.approval, outcome=outcome)
        return changed, _done(changed, command, LedgerKind.ACTION, action.action_id)


def _done(changed: TrackedAction, command: Command, kind: LedgerKind, subject: str) -> list[Emit]:
    action = changed.action
    facts = {**action_facts(action), **_order_facts(command)}
    result = answer(
        command,
        accepted=True,
        code="ACCEPTED",
        message=f"{command.kind.value}: {action.proposal.title}",
        state=action.state.value,
    )
    return [
        Emit(topics.ACTIONS, action),
        Emit(topics.LEDGER_ENTRIES, entry(command, kind, subject, action.decision_id, action.state.value, facts)),
        Emit(topics.COMMAND_RESULTS, result),
    ]


def repeated(command: Command) -> Emit:
    """The record of an order that came again, the same however often it comes; it was answered the first time."""
    facts = {
        "account": command.account_id,
        "refused": "REPEATED",
        "why": "The order was carried out or refused before; sent again it has no effect.",
        **_order_facts(command),
    }
    what = f"REFUSED REPEATED {command.command_id}"
    return Emit(topics.LEDGER_ENTRIES, entry(command, LedgerKind.APPROVAL, command.subject_id, "", what, facts))


def _refuse(item: TrackedAction | None, command: Command, refusal: Refused, *, identified: bool) -> Judged:
    state = item.action.state.value if item else ""
    decision_id = item.action.decision_id if item else ""
    facts = {"account": command.account_id, "refused": refusal.code, "why": str(refusal), **_order_facts(command)}
    what = f"REFUSED {refusal.code} {command.command_id}"
    record = entry(command, LedgerKind.APPROVAL, command.subject_id, decision_id, what, facts)
    result = answer(command, accepted=False, code=refusal.code, message=str(refusal), state=state)
    emits = (Emit(topics.LEDGER_ENTRIES, record), Emit(topics.COMMAND_RESULTS, result))
    return Judged(None, emits, identified=identified)


def _order_facts(command: Command) -> dict[str, object]:
    """The order itself; of the assertion only the claimed actor: a token never enters the ledger."""
    return {
        "command": command.command_id,
        "order": command.kind.value,
        "actor": command.actor,
        "note": command.note,
        "received_at": command.received_at,
    }
