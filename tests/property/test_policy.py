"""Laws of the gate: whatever the kind, the tenant and the confidence."""

from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from revloop.contracts.actions import ActionKind, Call, Catalogue, load_catalogue
from revloop.contracts.generated.events import RiskTier, Verdict
from revloop.policy.gate import Gate
from revloop.tenants import Profile
from revloop.tenants.profile import Mode

POLICIES = Path(__file__).parents[2] / "policies"
CATALOGUE = load_catalogue()
KINDS = st.builds(
    lambda name, tier, reversible, executable, alone, least: msgspec.structs.replace(
        CATALOGUE.kind(name),
        risk_tier=tier,
        reversible=reversible,
        executable=executable,
        alone_allowed=alone,
        min_confidence=least,
    ),
    st.sampled_from(CATALOGUE.names()),
    st.sampled_from(RiskTier),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.floats(0, 1),
)


def calls(kind: ActionKind) -> tuple[Call, ...]:
    return (*kind.sound, *kind.faulty)


@given(kind=KINDS, mode=st.sampled_from(Mode), listed=st.booleans(), confidence=st.floats(0, 1), data=st.data())
def test_running_alone_and_being_offered_have_their_conditions(
    kind: ActionKind, mode: Mode, listed: bool, confidence: float, data: st.DataObject
) -> None:
    call = data.draw(st.sampled_from(calls(kind)))
    profile = Profile(tenant="t", mode=mode, allowlist=(kind.name,) if listed else ())
    gate = Gate.load(POLICIES, Catalogue([kind])).judge(call, confidence, profile)
    may_be_offered = (
        mode in (Mode.APPROVAL_REQUIRED, Mode.AUTO_EXECUTE)
        and kind.risk_tier is not RiskTier.NEVER
        and kind.executable
        and not kind.faults(call)
    )
    on_its_own_list = mode is Mode.AUTO_EXECUTE and listed and kind.risk_tier is RiskTier.LOW
    may_run_alone = (
        may_be_offered
        and (on_its_own_list or kind.risk_tier is RiskTier.MINIMAL)
        and kind.alone_allowed
        and kind.reversible
        and int(confidence * 1000) >= round(kind.min_confidence * 1000)
    )
    wanted = Verdict.ALLOW if may_run_alone else Verdict.APPROVE if may_be_offered else Verdict.REFUSE
    assert gate.verdict is wanted
    assert gate.reasons


@given(kind=KINDS, mode=st.sampled_from(Mode), listed=st.booleans(), confidence=st.floats(0, 1), data=st.data())
def test_a_tenants_forbid_always_wins(
    kind: ActionKind, mode: Mode, listed: bool, confidence: float, data: st.DataObject
) -> None:
    call = data.draw(st.sampled_from(calls(kind)))
    profile = Profile(tenant="t", mode=mode, allowlist=(kind.name,) if listed else ())
    texts = [path.read_text() for path in sorted(POLICIES.glob("*.cedar"))]
    schema = (POLICIES / "revloop.cedarschema").read_text()
    forbid = '@id("tenant-own") @reason("Not here.") forbid (principal, action, resource);'
    gate = Gate(texts, schema, Catalogue([kind]), {"t": forbid}).judge(call, confidence, profile)
    assert gate.verdict is Verdict.REFUSE
    assert "tenant-own" in gate.policy_ids


@given(mode=st.sampled_from(Mode), tier=st.sampled_from(RiskTier), confidence=st.floats(0, 1))
def test_a_forbid_wins_over_any_permit(mode: Mode, tier: RiskTier, confidence: float) -> None:
    schema = (POLICIES / "revloop.cedarschema").read_text()
    permit = '@id("all") @reason("All.") permit (principal, action, resource);'
    forbid = '@id("none") @reason("None.") forbid (principal, action, resource);'
    kind = msgspec.structs.replace(CATALOGUE.kind("internal.create_task"), risk_tier=tier)
    profile = Profile(tenant="t", mode=mode, allowlist=(kind.name,))
    for texts, verdict in (
        ([permit], Verdict.ALLOW),
        ([permit, forbid], Verdict.REFUSE),
        ([forbid, permit], Verdict.REFUSE),
    ):
        assert Gate(texts, schema, Catalogue([kind])).judge(kind.sound[0], confidence, profile).verdict is verdict
