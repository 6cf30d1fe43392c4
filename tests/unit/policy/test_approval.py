"""Who may decide, and what an approval is bound to."""

import msgspec
import pytest

from revloop.contracts.generated.events import (
    Action,
    ActionState,
    Evidence,
    FieldChange,
    Gate,
    Proposal,
    RiskTier,
    Statement,
    Target,
    Verdict,
)
from revloop.policy.approval import may_approve
from revloop.policy.assertion import Claims, Principal
from revloop.policy.binding import bind, binding_hash

EVIDENCE = Evidence(
    snapshot_id="1" * 64,
    source="salesforce",
    entity="opportunity/A",
    field="close_date",
    before="a",
    after="b",
    observed_at=1,
)
PROPOSAL = Proposal(
    proposal_id="prp_1",
    action_kind="crm.update_field",
    title="t",
    target=Target(system="salesforce", object="Opportunity", object_id="006A", label="A", version=5),
    parameters={},
    changes=(FieldChange(field="next_step", before=None, after="Confirm"),),
    why=(Statement(text="It moved.", signal_ids=("sig_1",), evidence=(EVIDENCE,)),),
    expected_outcome="e",
    wrong_if="w",
    value=1.0,
    urgency=1.0,
    confidence=1.0,
    score=1.0,
    rank=1,
    propensity=1.0,
    playbook="deal_rescue/1",
    gate=Gate(
        verdict=Verdict.APPROVE,
        risk_tier=RiskTier.MEDIUM,
        reversible=True,
        policy_version="p1",
        policy_ids=("x",),
        reasons=("y",),
    ),
)


def action(tier: RiskTier) -> Action:
    gate = msgspec.structs.replace(PROPOSAL.gate, risk_tier=tier)
    return Action(
        event_id="acx",
        event_type=Action.EVENT_TYPE,
        tenant_id="t",
        account_id="a",
        source="orchestrator",
        trace_id="",
        caused_by="",
        occurred_at=0,
        observed_at=0,
        action_id="act_1",
        state=ActionState.APPROVAL_PENDING,
        decision_id="dec_1",
        proposal=msgspec.structs.replace(PROPOSAL, gate=gate),
        request_id="apr_1",
        approved_by="",
        binding_hash="",
        not_after=None,
        reason="",
        undo=None,
    )


@pytest.mark.parametrize(
    ("tenant", "roles", "tier", "says"),
    [
        ("t", ("seller", "approver"), RiskTier.MEDIUM, None),
        ("t", ("manager", "approver"), RiskTier.HIGH, None),
        ("t", ("seller", "approver"), RiskTier.HIGH, "manager"),
        ("t", ("manager",), RiskTier.LOW, "approver"),
        ("t", ("viewer",), RiskTier.LOW, "approver"),
        ("t", ("manager", "approver"), RiskTier.NEVER, "Nobody"),
        ("other", ("manager", "approver"), RiskTier.LOW, "another tenant"),
    ],
)
def test_who_may_decide(tenant: str, roles: tuple[str, ...], tier: RiskTier, says: str | None) -> None:
    why = may_approve(Claims(subject="ann", principal=Principal.PERSON, tenant_id=tenant, roles=roles), action(tier))
    assert why is None if says is None else why is not None and says in why


@pytest.mark.parametrize("tier", list(RiskTier))
def test_an_agent_may_decide_nothing_whatever_its_roles(tier: RiskTier) -> None:
    agent = Claims(subject="bot", principal=Principal.AGENT, tenant_id="t", roles=("manager", "approver"))
    why = may_approve(agent, action(tier))
    assert why is not None
    assert "agent" in why


OTHER = msgspec.structs.replace
CHANGED = {
    "kind": OTHER(PROPOSAL, action_kind="crm.create_task"),
    "target": OTHER(PROPOSAL, target=OTHER(PROPOSAL.target, object_id="006B")),
    "version": OTHER(PROPOSAL, target=OTHER(PROPOSAL.target, version=6)),
    "parameters": OTHER(PROPOSAL, parameters={"title": "x"}),
    "changes": OTHER(PROPOSAL, changes=(FieldChange(field="next_step", before=None, after="Confirm it"),)),
    "evidence": OTHER(PROPOSAL, why=(OTHER(PROPOSAL.why[0], evidence=(OTHER(EVIDENCE, snapshot_id="2" * 64),)),)),
    "sentence": OTHER(PROPOSAL, why=(OTHER(PROPOSAL.why[0], text="It moved far."),)),
    "policy": OTHER(PROPOSAL, gate=OTHER(PROPOSAL.gate, policy_version="p2")),
}


@pytest.mark.parametrize("what", CHANGED)
def test_any_change_of_what_was_seen_voids_the_approval(what: str) -> None:
    assert binding_hash(bind(CHANGED[what])) != binding_hash(bind(PROPOSAL))


def test_ids_ranks_and_scores_are_no_part_of_it() -> None:
    again = OTHER(PROPOSAL, proposal_id="prp_2", rank=3, score=0.4, urgency=0.4, propensity=0.5)
    assert binding_hash(bind(again)) == binding_hash(bind(PROPOSAL))
