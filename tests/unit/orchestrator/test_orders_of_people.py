"""Orders about one action: each counts once, is answered once, and what is forged or sent again changes nothing."""

from collections.abc import Iterator

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from revloop.contracts.actions import load_catalogue
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import (
    Action,
    ActionState,
    Approval,
    Command,
    CommandKind,
    CommandResult,
    Decision,
    Envelope,
    LedgerEntry,
)
from revloop.contracts.ids import derive_id, trace_of
from revloop.policy.assertion import TrustedKeys, command_hash, mint
from revloop.replay.pipeline import MemoryStore
from revloop.stage import Processor
from revloop.tenants import Registry
from services.orchestrator.core.stage import OrchestratorCore
from tests.avro import EXAMPLES, example
from tests.loops import PROFILES

NOW = 1_800_000_000_000


class Desk:
    """One partition with one decision that asks for an approval."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        keys = TrustedKeys([self._key.public_key()])
        core = OrchestratorCore(Registry.load(PROFILES), keys, load_catalogue())
        self._processor = Processor(core, MemoryStore())
        decision = example(EXAMPLES / "decisions" / "decision.v1" / "approval_request.json")
        assert isinstance(decision, Decision)
        self.decision = decision
        self.request = next(one for one in self.take(decision) if isinstance(one, Approval))

    def take(self, event: Envelope) -> list[Envelope]:
        return [emit.event for emit in self._processor.handle(event).emits if emit.event is not None]

    def order(self, number: int = 1, **changes: object) -> Command:
        event_id = derive_id("cmd", "nyc", number)
        command = Command(
            event_id=event_id,
            event_type=Command.EVENT_TYPE,
            tenant_id=self.decision.tenant_id,
            account_id=self.decision.account_id,
            source="console",
            trace_id=trace_of(event_id),
            caused_by="",
            occurred_at=NOW,
            observed_at=NOW,
            command_id=f"c{number}",
            kind=CommandKind.approve,
            subject_id=self.request.request_id,
            binding_hash=self.request.binding_hash,
            note="",
            actor="seller",
            assertion="",
            received_at=NOW,
        )
        return self.signed(msgspec.structs.replace(command, **changes))

    def signed(self, command: Command) -> Command:
        assertion = mint(
            self._key,
            subject="seller",
            tenant_id=command.tenant_id,
            roles=("approver",),
            command_hash=command_hash(command),
            issued_at_ms=NOW - 1000,
            expires_at_ms=NOW + 60_000,
        )
        return msgspec.structs.replace(command, assertion=assertion)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def states(events: list[Envelope]) -> list[ActionState]:
    return [one.state for one in events if isinstance(one, Action)]


def codes(events: list[Envelope]) -> Iterator[str]:
    return (one.code for one in events if isinstance(one, CommandResult))


def recorded(events: list[Envelope]) -> list[str]:
    return [one.entry_id for one in events if isinstance(one, LedgerEntry)]


def test_a_genuine_order_is_carried_out_answered_and_recorded(desk: Desk) -> None:
    events = desk.take(desk.order())
    assert (states(events), list(codes(events)), len(recorded(events))) == ([ActionState.QUEUED], ["ACCEPTED"], 1)


def test_the_same_order_again_changes_nothing_and_is_recorded_once(desk: Desk) -> None:
    desk.take(desk.order())
    again, once_more = desk.take(desk.order()), desk.take(desk.order())
    assert (states(again), list(codes(again))) == ([], [])
    assert len(recorded(again)) == 1
    assert recorded(again) == recorded(once_more)  # the same entry: the ledger holds it once


def test_a_second_order_learns_that_the_first_one_counted(desk: Desk) -> None:
    desk.take(desk.order())
    assert list(codes(desk.take(desk.order(2)))) == ["ALREADY_APPROVED"]


def test_a_forged_copy_does_not_silence_the_genuine_order(desk: Desk) -> None:
    genuine = desk.order()
    forged = desk.take(msgspec.structs.replace(genuine, assertion="forged"))
    assert (states(forged), list(codes(forged)), len(recorded(forged))) == ([], ["BAD_SIGNATURE"], 1)
    assert states(desk.take(genuine)) == [ActionState.QUEUED]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"binding_hash": "0" * 64}, "CHANGED"),
        ({"subject_id": "apr_nothing"}, "UNKNOWN_SUBJECT"),
        ({"received_at": NOW + 3_600_000}, "EXPIRED"),
        ({"received_at": NOW - 3_600_000}, "EXPIRED"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_reason(desk: Desk, changes: dict[str, object], code: str) -> None:
    events = desk.take(desk.order(**changes))
    assert (states(events), list(codes(events)), len(recorded(events))) == ([], [code], 1)


def test_an_assertion_is_good_for_its_command_alone(desk: Desk) -> None:
    other = msgspec.structs.replace(desk.order(), note="something else")
    assert list(codes(desk.take(other))) == ["WRONG_COMMAND"]


def test_every_answer_goes_to_its_topic(desk: Desk) -> None:
    handled = desk._processor.handle(desk.order())
    assert {topics.ACTIONS, topics.APPROVALS, topics.COMMAND_RESULTS, topics.LEDGER_ENTRIES} == {
        emit.topic for emit in handled.emits
    }
