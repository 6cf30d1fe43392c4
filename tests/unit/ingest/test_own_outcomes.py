"""Our own effects come back: as records of the account, and as writes whose echo is known."""

from collections.abc import Mapping

import pytest

from revloop.contracts.generated import topics
from revloop.contracts.generated.events import Delivery, DeliveryMode, Outcome, OutcomeStatus, Scalar, Target
from revloop.replay.pipeline import MemoryStore
from revloop.stage import Processor
from services.ingest.core.outcomes import OutcomesCore
from services.ingest.core.writes import KEPT_WRITES
from tests.unit.ingest.desk import START, Desk, Written, page, row

MINUTE_2 = 1_519_862_520_000
"""Version of ``row(version=2)``."""


def outcome(
    action_id: str = "act_1",
    status: OutcomeStatus = OutcomeStatus.SUCCEEDED,
    after: Mapping[str, Scalar] | None = None,
    *,
    object_id: str = "006A",
    system: str = "salesforce",
    version: int = MINUTE_2,
    at: int = START,
) -> Outcome:
    return Outcome(
        event_id=f"out_{action_id}_{status}",
        event_type=Outcome.EVENT_TYPE,
        tenant_id="t",
        account_id="ACME",
        source="executor",
        trace_id="0" * 32,
        caused_by=action_id,
        occurred_at=at,
        observed_at=at,
        action_id=action_id,
        action_kind="crm.update_field",
        status=status,
        error_kind="" if status is OutcomeStatus.SUCCEEDED else "CONFLICT",
        message="",
        target=Target(system=system, object="Opportunity", object_id=object_id, label="Deal", version=version),
        before={},
        after=dict(after or {"stage": "Won"}),
        references=(),
        intent_entry_id="len_1",
    )


def as_delivery(found: Outcome) -> Delivery:
    [emit] = Processor(OutcomesCore(), MemoryStore()).handle(found).emits
    assert emit.topic == topics.RAW_DELIVERIES
    assert isinstance(emit.event, Delivery)
    return emit.event


def returned(desk: Desk, found: Outcome) -> Written:
    return desk.handle(as_delivery(found))


def test_an_outcome_becomes_one_delivery_whatever_happens() -> None:
    once, again = as_delivery(outcome()), as_delivery(outcome())
    assert once == again
    assert (once.mode, once.connector, once.resource) == (DeliveryMode.outcome, "revloop", "action")
    assert (once.tenant_id, once.trace_id, once.caused_by) == ("t", "0" * 32, outcome().event_id)
    assert as_delivery(outcome("act_2")).event_id != once.event_id


def test_only_outcomes_come_this_way() -> None:
    desk = Desk()
    handled = Processor(OutcomesCore(), MemoryStore()).handle(desk.body(page(row())))
    assert [refusal.reason for refusal in handled.refusals] == ["unexpected_event"]


@pytest.mark.parametrize("status", OutcomeStatus)
def test_an_outcome_is_a_record_of_its_account(status: OutcomeStatus) -> None:
    written = returned(Desk(), outcome(status=status))
    [told] = written.snapshots
    assert (told.account_id, told.entity.entity_type, told.entity.entity_id) == ("ACME", "action", "act_1")
    assert told.fields["status"] == status.value
    assert told.fields["kind"] == "crm.update_field"
    assert told.fields["target"] == "salesforce/Opportunity/006A"
    assert told.caused_by == "act_1", "our own doing is no cause to act again"
    assert written.fate.records == 1


def test_an_action_that_is_undone_is_a_second_state_of_it() -> None:
    desk = Desk()
    returned(desk, outcome())
    undone = returned(desk, outcome(status=OutcomeStatus.UNDONE))
    assert [s.fields["status"] for s in undone.snapshots] == ["UNDONE"]


def test_the_echo_of_our_write_names_the_action() -> None:
    desk = Desk()
    desk.poll(row(version=1))
    returned(desk, outcome())
    [echo] = desk.poll(row(version=2, Amount=101.0, StageName="Won")).snapshots
    assert echo.caused_by == "act_1"


@pytest.mark.parametrize(
    ("after", "fields", "why"),
    [
        ({"stage": "Won"}, {"StageName": "Lost"}, "another value stands"),
        ({"stage": "Won"}, {"StageName": "Won", "Amount": 5.0}, "somebody changed more at the same time"),
        ({"stage": "Won"}, {"StageName": "Won", "LastModifiedById": "005ANN"}, "a person wrote the same"),
        ({"stage": "Design"}, {"StageName": "Design"}, "nothing differs from before"),
    ],
)
def test_what_is_no_echo(after: Mapping[str, Scalar], fields: dict[str, object], why: str) -> None:
    desk = Desk()
    desk.poll(row(version=1))
    returned(desk, outcome(after=after))
    [told] = desk.poll({**row(version=2, Amount=101.0), **fields}).snapshots
    assert told.caused_by == told.delivery_id, why


def test_a_write_under_our_own_name_is_an_echo() -> None:
    desk = Desk()
    desk.poll(row(version=1, LastModifiedById="005ANN"))
    returned(desk, outcome())
    [echo] = desk.poll(row(version=2, Amount=101.0, StageName="Won", LastModifiedById="005US")).snapshots
    assert echo.caused_by == "act_1"


def test_a_state_from_before_our_write_is_no_echo() -> None:
    desk = Desk()
    desk.poll(row(version=1))
    returned(desk, outcome(version=MINUTE_2 + 60_000))
    [told] = desk.poll(row(version=2, Amount=101.0, StageName="Won")).snapshots
    assert told.caused_by == told.delivery_id


def test_the_echo_of_an_undo_is_known_too() -> None:
    desk = Desk()
    desk.poll(row(version=1))
    returned(desk, outcome())
    desk.poll(row(version=2, Amount=101.0, StageName="Won"))
    undo = outcome(status=OutcomeStatus.UNDONE, after={"stage": "Design"}, version=MINUTE_2 + 60_000)
    returned(desk, undo)
    [echo] = desk.poll(row(version=3, Amount=101.0, StageName="Design")).snapshots
    assert echo.caused_by == "act_1"


@pytest.mark.parametrize(
    "found",
    [
        outcome(status=OutcomeStatus.FAILED),
        outcome(object_id="006ELSE"),
        outcome(object_id=""),
        outcome(system="workspace"),
    ],
    ids=["failed", "unknown record", "no record", "another system"],
)
def test_what_wrote_nothing_here_leaves_no_trace_on_the_record(found: Outcome) -> None:
    desk = Desk()
    desk.poll(row(version=1))
    returned(desk, found)
    assert desk.links()["006A"].own_writes == ()


def test_only_the_newest_writes_are_remembered() -> None:
    desk = Desk()
    desk.poll(row(version=1))
    for number in range(KEPT_WRITES + 3):
        returned(desk, outcome(f"act_{number}", at=START + number))
    kept = [write.action_id for write in desk.links()["006A"].own_writes]
    assert kept == [f"act_{number}" for number in range(KEPT_WRITES + 2, 2, -1)]


def test_our_writes_stay_known_over_a_move() -> None:
    desk = Desk()
    desk.poll(row(version=1))
    returned(desk, outcome())
    desk.poll(row(version=2, account="OTHER"))
    assert [write.action_id for write in desk.links()["006A"].own_writes] == ["act_1"]
