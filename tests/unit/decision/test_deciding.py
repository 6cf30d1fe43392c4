"""When an account is decided, on what ground, and what keeps the loop from deciding too often."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from revloop.contracts.actions import load_catalogue
from revloop.contracts.generated.events import (
    AccountState,
    Decision,
    DecisionOutcome,
    EntityRef,
    Envelope,
    LedgerEntry,
    Posture,
    Scalar,
    Severity,
    SignalView,
    Subject,
    Tick,
)
from revloop.policy.gate import Gate
from revloop.replay.pipeline import MemoryStore, Pipeline, Stage
from revloop.stage import Processor
from revloop.tenants import Profile, Registry
from revloop.tenants.profile import ConnectorProfile, ObjectProfile
from revloop.tenants.registry import UnknownTenant
from services.decision.core.contract import violations
from services.decision.core.playbooks import load_playbooks
from services.decision.core.stage import DecisionCore
from services.world_model.core.rules import load_rules
from services.world_model.core.stage import WorldModelCore
from tests.unit.world_model.events import record, signal

MINUTE, HOUR = 60_000, 3_600_000
CRM = ConnectorProfile(
    objects={"Opportunity": ObjectProfile(entity_type="opportunity", fields={"next_step": "NextStep"})}
)
PROFILE = Profile(tenant="t", connectors={"salesforce": CRM})
POLICIES = Path(__file__).parents[3] / "policies"
GATE = Gate.load(POLICIES)
SOUND = load_catalogue().kind("crm.update_field").sound[0]
DEAL: dict[str, Scalar] = {
    "name": "Pump",
    "close_date": "2018-04-11",
    "amount": 5e6,
    "owner": "Ann",
    "owner_id": "005A",
    "next_step": None,
}


def core(profile: Profile = PROFILE) -> DecisionCore:
    return DecisionCore(Registry([profile]), load_playbooks(), load_catalogue(), GATE)


def states(*events: Envelope) -> list[AccountState]:
    pipeline = Pipeline([Stage("world_model", WorldModelCore(Registry([PROFILE]), load_rules()), ("signals",))])
    kept: list[Envelope] = []
    pipeline.listen("account.states", kept.append)
    for event in events:
        pipeline.feed("signals", event)
    return [event for event in kept if isinstance(event, AccountState)]


def at(state: AccountState, moment: int) -> AccountState:
    return msgspec.structs.replace(state, observed_at=moment)


@pytest.fixture
def slipped() -> AccountState:
    return states(record(1, fields=DEAL), signal(2))[-1]


class Decider:
    """Decision over one partition."""

    def __init__(self, profile: Profile = PROFILE) -> None:
        self._processor = Processor(core(profile), MemoryStore())
        self.entries: list[LedgerEntry] = []

    def feed(self, *events: Envelope) -> list[Decision]:
        return [decision for event in events for decision in self._one(event)]

    def tick(self, moment: int) -> list[Decision]:
        return self.feed(
            Tick(
                event_id=f"tck_{moment}",
                event_type=Tick.EVENT_TYPE,
                tenant_id="",
                account_id="",
                source="clock",
                trace_id="",
                caused_by="",
                occurred_at=moment,
                observed_at=moment,
                clock="wall",
                at=moment,
            )
        )

    def _one(self, event: Envelope) -> Iterator[Decision]:
        handled = self._processor.handle(event)
        assert not handled.refusals
        for emit in handled.emits:
            if isinstance(emit.event, LedgerEntry):
                self.entries.append(emit.event)
            elif isinstance(emit.event, Decision):
                yield emit.event


def test_policies_of_a_tenant_without_a_profile_stop_the_start() -> None:
    texts = [path.read_text() for path in sorted(POLICIES.glob("*.cedar"))]
    forbid = '@id("own") @reason("Not here.") forbid (principal, action, resource);'
    gate = Gate(texts, (POLICIES / "revloop.cedarschema").read_text(), load_catalogue(), {"tt": forbid})
    with pytest.raises(UnknownTenant, match="tt"):
        DecisionCore(Registry([PROFILE]), load_playbooks(), load_catalogue(), gate)


def test_a_decision_waits_until_the_news_has_settled(slipped: AccountState) -> None:
    decider = Decider()
    assert decider.feed(at(slipped, 0)) == []
    assert decider.tick(MINUTE - 1) == []
    (decision,) = decider.tick(MINUTE)
    assert decision.basis.trigger == "SIGNAL_BATCH_READY"
    assert (decision.basis.triggered_at, decision.basis.decided_at) == (0, MINUTE)
    assert decision.basis.trigger_signal_ids == ("sig_2",)
    assert decider.tick(2 * MINUTE) == []


def test_news_on_top_is_gathered_and_cannot_put_the_decision_off(slipped: AccountState) -> None:
    decider = Decider()
    more = msgspec.structs.replace(slipped, event_id="acs_2", new_signals=("sig_9",))
    decider.feed(at(slipped, 0), at(more, MINUTE - 1))
    (decision,) = decider.tick(MINUTE)
    assert decision.basis.state_event_id == "acs_2"
    assert decision.basis.trigger_signal_ids == ("sig_2", "sig_9")


def test_two_decisions_are_a_cooldown_apart(slipped: AccountState) -> None:
    decider = Decider()
    decider.feed(at(slipped, 0))
    assert len(decider.tick(MINUTE)) == 1
    decider.feed(at(slipped, MINUTE + 1))
    assert decider.tick(6 * MINUTE - 1) == []
    assert len(decider.tick(6 * MINUTE)) == 1


def test_no_more_decisions_an_hour_than_the_profile_allows(slipped: AccountState) -> None:
    decider = Decider(Profile(tenant="t", decisions_per_hour=2, cooldown_seconds=0, debounce_seconds=1))
    made = []
    for minute in range(59):
        made += decider.feed(at(slipped, minute * MINUTE)) + decider.tick(minute * MINUTE + 1000)
    assert len(made) == 2
    assert decider.tick(HOUR) == []
    (third,) = decider.tick(HOUR + 1000)
    assert len(third.basis.recent_decisions) == 1


@pytest.mark.parametrize(
    ("changes", "trigger"),
    [
        ({"new_signals": (), "previous_posture": Posture.OK}, "POSTURE_CHANGE"),
        ({"new_signals": (), "previous_posture": Posture.AT_RISK}, None),
        ({"new_signals": (), "previous_posture": None}, None),
        ({"echo_only": True}, None),
    ],
)
def test_what_is_worth_a_decision(slipped: AccountState, changes: dict[str, object], trigger: str | None) -> None:
    decider = Decider()
    decider.feed(msgspec.structs.replace(slipped, **changes))
    assert [decision.basis.trigger for decision in decider.tick(HOUR)] == ([trigger] if trigger else [])


def test_the_decision_rests_on_what_is_true_when_it_is_made(slipped: AccountState) -> None:
    decider = Decider()
    over = msgspec.structs.replace(slipped, event_id="acs_2", new_signals=(), signals=(), subjects=(), risks=())
    decider.feed(at(slipped, 0), at(over, 1))
    (decision,) = decider.tick(MINUTE)
    assert decision.outcome is DecisionOutcome.NO_ACTION
    assert "no longer holds" in decision.reason


def test_a_slipped_deal_leads_to_a_next_step_and_a_task_with_evidence_and_a_ledger_entry(slipped: AccountState) -> None:
    decider = Decider()
    decider.feed(at(slipped, 0))
    (decision,) = decider.tick(MINUTE)
    rescue, task = decision.proposals
    assert decision.outcome is DecisionOutcome.ACTION_PROPOSALS
    assert rescue.changes[0].after == "Confirm the close date with Ann: it moved 100 days to 2018-04-11"
    assert (rescue.target.object, rescue.target.object_id, rescue.target.version) == ("Opportunity", "006A", 1)
    assert task.parameters["related_id"] == "006A"
    assert task.parameters["owner_id"] == "005A"
    assert violations(decision) == []
    (entry,) = decider.entries
    assert (entry.subject_id, entry.caused_by) == (decision.decision_id, decision.event_id)


def executed(state: AccountState, kind: str, moment: int) -> AccountState:
    """``state`` after we did ``kind`` about its deal at ``moment``."""
    entity = EntityRef(connector="revloop", entity_type="action", entity_id="act_1", entity_key="act_1")
    done = SignalView(
        signal_id="sig_done",
        signal_type="ACTION_EXECUTED",
        severity=Severity.low,
        entity=entity,
        opened_at=moment,
        valid_until=None,
        value=None,
        confidence=1.0,
        caused_by="",
        evidence=(),
    )
    fields: dict[str, Scalar] = {"kind": kind, "status": "SUCCEEDED", "label": "Pump"}
    subject = Subject(entity=entity, snapshot_id="3" * 64, version=1, fields=fields, observed_at=moment)
    return msgspec.structs.replace(state, signals=(*state.signals, done), subjects=(*state.subjects, subject))


@pytest.mark.parametrize(("moment", "kinds"), [(5, {"crm.update_field"}), (1, {"crm.update_field", "crm.create_task"})])
def test_what_was_done_since_the_news_is_not_proposed_again(
    slipped: AccountState, moment: int, kinds: set[str]
) -> None:
    decider = Decider()
    decider.feed(at(executed(slipped, "crm.create_task", moment), 10))
    (decision,) = decider.tick(HOUR)
    assert {proposal.action_kind for proposal in decision.proposals} == kinds


def test_good_news_is_shown_and_nothing_is_proposed() -> None:
    *_, state = states(
        record(1, fields=DEAL), signal(2, signal_type="AMOUNT_CHANGED", severity=Severity.medium, value=0.4)
    )
    decider = Decider()
    decider.feed(state)
    (decision,) = decider.tick(HOUR)
    assert decision.outcome is DecisionOutcome.NO_ACTION
    assert "1 amount grew" in decision.summary


def test_a_larger_deal_comes_first_and_there_are_five_at_most() -> None:
    deals = [record(n, key=f"D{n}", fields={**DEAL, "amount": n * 1e6}) for n in range(1, 8)]
    news = [signal(10 + n, key=f"D{n}") for n in range(1, 8)]
    decider = Decider()
    decider.feed(states(*deals, *news)[-1])
    (decision,) = decider.tick(HOUR)
    assert [proposal.target.object_id for proposal in decision.proposals[:2]] == ["006D7", "006D6"]
    assert len(decision.proposals) == 5


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"proposals": ()}, "lacks proposals"),
        ({"outcome": DecisionOutcome.NO_ACTION}, "carries proposals"),
        ({"outcome": DecisionOutcome.CLARIFICATION_REQUEST}, "lacks a question"),
        ({"reason": "because"}, "carries a reason"),
        ({"summary": ""}, "summary is empty"),
    ],
)
def test_a_decision_that_is_none_of_the_five_outcomes_is_named(
    slipped: AccountState, changes: dict[str, object], says: str
) -> None:
    decider = Decider()
    decider.feed(slipped)
    (decision,) = decider.tick(HOUR)
    assert any(says in broken for broken in violations(msgspec.structs.replace(decision, **changes)))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rank": 2}, "ranks"),
        ({"why": ()}, "does not say why"),
        ({"confidence": 1.2}, "confidence outside"),
        ({"wrong_if": ""}, "no wrong_if"),
        ({"score": 0.0}, "do not fall"),
        ({"value": 0.1}, "not value x urgency x confidence"),
        ({"gate": msgspec.structs.replace(GATE.judge(SOUND, 1.0, PROFILE), policy_version="other")}, "other policies"),
    ],
)
def test_a_proposal_that_breaks_the_contract_is_named(
    slipped: AccountState, changes: dict[str, object], says: str
) -> None:
    decider = Decider()
    decider.feed(slipped)
    (decision,) = decider.tick(HOUR)
    first, *rest = decision.proposals
    broken: Sequence[str] = violations(
        msgspec.structs.replace(decision, proposals=(msgspec.structs.replace(first, **changes), *rest))
    )
    assert any(says in one for one in broken)
