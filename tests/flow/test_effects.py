"""Effects meet the world: a target that is down, a record that changed, orders that must not count."""

import time
from collections.abc import Mapping
from uuid import uuid4

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from revloop.cli.api import ApiError
from revloop.cli.processes import wait_until
from revloop.cli.stack import STANDIN
from revloop.contracts.codec import Codec
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import Command, CommandKind
from revloop.contracts.ids import derive_id, trace_of
from revloop.policy.assertion import command_hash, mint
from revloop.stage import Emit
from revloop.stores.identity import LocalIssuer
from revloop.streams import EdgeProducer, ServiceSettings
from tests.loops import NYC, Control, Loop, ledger_entries

Action = Mapping[str, object]


class Orders:
    """Takes a fresh open update for each test, and gives orders about it."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.api = loop.api()
        self.control = Control(loop)

    def fresh(self, kind: str = "crm.update_field") -> Action:
        rows = self.api.get("/v1/top", state="APPROVAL_PENDING", limit=500)
        found = (self.api.get(f"/v1/actions/{row['action_id']}")["action"] for row in rows)
        return next(action for action in found if action["proposal"]["action_kind"] == kind)

    def approve(self, action: Action) -> Mapping[str, object]:
        return self.api.order(
            "approve", action["request_id"], action["account_id"], binding_hash=action["binding_hash"]
        )

    def undo(self, action: Action) -> Mapping[str, object]:
        return self.api.order("undo", action["action_id"], action["account_id"])

    def state(self, action: Action) -> str:
        return self.api.get(f"/v1/actions/{action['action_id']}")["action"]["state"]

    def until(self, action: Action, state: str) -> Mapping[str, object]:
        wait_until(lambda: self.state(action) == state, f"the action becoming {state} (it is {self.state(action)})", 90)
        return self.api.get(f"/v1/actions/{action['action_id']}")

    def writes(self, action: Action) -> int:
        target = action["proposal"]["target"]["object_id"]
        return sum(object_id == target for object_id in self.control.written_ids())


@pytest.fixture
def orders(nyc_loop: Loop) -> Orders:
    return Orders(nyc_loop)


def test_a_target_that_is_down_is_tried_again_and_written_once(orders: Orders) -> None:
    action, stack = orders.fresh(), orders.loop.stack
    stack.processes.kill(STANDIN)
    assert orders.approve(action)["accepted"]
    log = stack.processes.log("executor")
    wait_until(
        lambda: action["action_id"] in log.read_text() and "attempt_failed" in log.read_text(), "a failed attempt", 30
    )
    assert orders.state(action) == "QUEUED"
    stack.start_standin([NYC])
    orders.until(action, "SUCCEEDED")
    assert orders.writes(action) == 1


def test_a_record_that_changed_meanwhile_stops_the_effect(orders: Orders) -> None:
    action = orders.fresh()
    orders.control.edit(action["proposal"]["target"], NextStep="a person was faster")
    assert orders.approve(action)["accepted"]
    outcome = orders.until(action, "FAILED")["outcomes"][0]
    assert outcome["error_kind"] == "CONFLICT"
    assert "a person was faster" in outcome["message"]
    assert orders.writes(action) == 1  # the person's own


def test_an_undo_never_overwrites_somebody_else(orders: Orders) -> None:
    action = orders.fresh()
    orders.approve(action)
    orders.until(action, "SUCCEEDED")
    orders.control.edit(action["proposal"]["target"], NextStep="better words")
    assert orders.undo(action)["accepted"]
    outcome = orders.until(action, "UNDO_REFUSED")["outcomes"][-1]
    assert "better words" in outcome["message"]


def test_a_task_is_created_once_and_taken_back(orders: Orders) -> None:
    action = orders.fresh("crm.create_task")
    orders.approve(action)
    orders.until(action, "SUCCEEDED")
    assert orders.undo(action)["accepted"]
    orders.until(action, "UNDONE")
    assert not orders.undo(action)["accepted"]


def test_an_approval_counts_once(orders: Orders) -> None:
    action = orders.fresh()
    assert orders.approve(action)["accepted"]
    again = orders.approve(action)
    assert (again["accepted"], again["code"]) == (False, "ALREADY_APPROVED")
    assert ledgered(orders, action["request_id"], again)


def test_an_expired_request_stays_expired(orders: Orders) -> None:
    row = orders.api.get("/v1/top", state="EXPIRED", limit=1)[0]
    action = orders.api.get(f"/v1/actions/{row['action_id']}")["action"]
    answer = orders.approve(action)
    assert (answer["accepted"], answer["code"]) == (False, "ALREADY_EXPIRED")
    assert ledgered(orders, action["request_id"], answer)


def test_what_was_seen_is_what_is_approved(orders: Orders) -> None:
    action = orders.fresh()
    answer = orders.api.order("approve", action["request_id"], action["account_id"], binding_hash="0" * 64)
    assert (answer["accepted"], answer["code"]) == (False, "CHANGED")
    assert ledgered(orders, action["request_id"], answer)


def test_a_viewer_may_not_approve(orders: Orders) -> None:
    action = orders.fresh()
    answer = orders.loop.api(person="viewer").order(
        "approve", action["request_id"], action["account_id"], binding_hash=action["binding_hash"]
    )
    assert (answer["accepted"], answer["code"]) == (False, "NOT_ALLOWED")
    assert ledgered(orders, action["request_id"], answer)


def test_an_order_sent_again_has_no_effect_and_is_recorded(orders: Orders) -> None:
    action = orders.fresh()
    command = signed(orders.loop, action)
    send(orders.loop, command)
    orders.until(action, "SUCCEEDED")
    send(orders.loop, command)
    assert ledgered(orders, action["request_id"], {"code": "REPEATED", "command_id": command.command_id})
    assert orders.writes(action) == 1


def test_a_forged_copy_sent_first_does_not_silence_the_genuine_order(orders: Orders) -> None:
    action = orders.fresh()
    command = signed(orders.loop, action)
    send(orders.loop, msgspec.structs.replace(command, assertion="forged"), command)
    orders.until(action, "SUCCEEDED")


def test_a_connection_that_breaks_inside_the_effect_is_tried_again_and_written_once(orders: Orders) -> None:
    action = orders.fresh()
    orders.control.fault(kind="drop", path=f"*/sobjects/{action['proposal']['target']['object']}*", method="PATCH")
    assert orders.approve(action)["accepted"]
    orders.until(action, "SUCCEEDED")
    assert orders.control.faults_left() == 0
    assert orders.writes(action) == 1


def test_another_tenant_sees_nothing(orders: Orders) -> None:
    action = orders.fresh()
    with pytest.raises(ApiError, match="404"):
        orders.loop.api("itsm").get(f"/v1/actions/{action['action_id']}")


@pytest.mark.parametrize("forgery", ["other key", "other tenant", "replayed", "expired", "nothing"])
def test_a_forged_command_is_refused_and_recorded(orders: Orders, forgery: str) -> None:
    action = orders.fresh()
    command = forged(orders.loop, action, forgery)
    send(orders.loop, command)
    wait_until(lambda: answered(orders, command.command_id), "an answer", 30)
    answer = orders.api.get(f"/v1/commands/{command.command_id}")
    wanted = {"other tenant": "WRONG_TENANT", "replayed": "WRONG_COMMAND", "expired": "EXPIRED"}.get(
        forgery, "BAD_SIGNATURE"
    )
    assert (answer["accepted"], answer["code"]) == (False, wanted)
    assert orders.state(action) == "APPROVAL_PENDING"
    assert ledgered(orders, action["request_id"], answer)


def forged(loop: Loop, action: Action, forgery: str) -> Command:
    """A command somebody put on the topic himself: the right to produce is no right to approve."""
    issuer = LocalIssuer(loop.home.directory / "identity")
    now = int(time.time() * 1000)
    command = unsigned(action, now)
    signer = Ed25519PrivateKey.generate() if forgery == "other key" else issuer.key
    signed_for = unsigned(action, now) if forgery == "replayed" else command
    issued = now - 3_600_000 if forgery == "expired" else now - 1000
    assertion = mint(
        signer,
        subject="seller",
        tenant_id="itsm" if forgery == "other tenant" else "nyc",
        roles=("approver",),
        command_hash=command_hash(signed_for),
        issued_at_ms=issued,
        expires_at_ms=issued + 60_000,
    )
    return msgspec.structs.replace(command, assertion="" if forgery == "nothing" else assertion)


def signed(loop: Loop, action: Action) -> Command:
    """A genuine order."""
    now = int(time.time() * 1000)
    command = unsigned(action, now)
    assertion = mint(
        LocalIssuer(loop.home.directory / "identity").key,
        subject="seller",
        tenant_id="nyc",
        roles=("approver",),
        command_hash=command_hash(command),
        issued_at_ms=now - 1000,
        expires_at_ms=now + 60_000,
    )
    return msgspec.structs.replace(command, assertion=assertion)


def send(loop: Loop, *commands: Command) -> None:
    """Put orders on the topic, past the console."""
    producer = EdgeProducer(ServiceSettings(), Codec(), {"bootstrap.servers": loop.home.bootstrap})
    producer.send_emits([Emit(topics.COMMANDS, command) for command in commands])
    producer.close()


def unsigned(action: Action, now: int) -> Command:
    command_id = uuid4().hex
    event_id = derive_id("cmd", "nyc", command_id)
    return Command(
        event_id=event_id,
        event_type=Command.EVENT_TYPE,
        tenant_id="nyc",
        account_id=action["account_id"],
        source="console",
        trace_id=trace_of(event_id),
        caused_by="",
        occurred_at=now,
        observed_at=now,
        command_id=command_id,
        kind=CommandKind.approve,
        subject_id=action["request_id"],
        binding_hash=action["binding_hash"],
        note="",
        actor="seller",
        assertion="",
        received_at=now,
    )


def answered(orders: Orders, command_id: str) -> bool:
    try:
        orders.api.get(f"/v1/commands/{command_id}")
    except ApiError:
        return False
    return True


def ledgered(orders: Orders, subject: object, answer: Mapping[str, object]) -> bool:
    """Whether the refusal is in the ledger, waiting for it to get there."""
    what = f"REFUSED {answer['code']} {answer['command_id']}"
    entry = derive_id("led", "nyc", "APPROVAL", str(subject), what)
    wait_until(lambda: entry in ledger_entries(orders.loop), "the refusal being recorded", 30)
    return True
