"""Policy's word, case by case; and policies that cannot be trusted are refused at load."""

from pathlib import Path

import msgspec
import pytest

from revloop.contracts.actions import Call, Catalogue, load_catalogue
from revloop.contracts.generated.events import RiskTier, Verdict
from revloop.policy.gate import BadPolicy, Gate
from revloop.tenants import Profile
from revloop.tenants.profile import Mode

POLICIES = Path(__file__).parents[3] / "policies"
CATALOGUE = load_catalogue()
GATE = Gate.load(POLICIES)
TASK, UPDATE, MAIL = "internal.create_task", "crm.update_field", "message.send_email"


def call(kind: str) -> Call:
    return CATALOGUE.kind(kind).sound[0]


def profile(mode: Mode, *allowlist: str) -> Profile:
    return Profile(tenant="t", mode=mode, allowlist=allowlist)


@pytest.mark.parametrize(
    ("mode", "kind", "allowlist", "confidence", "verdict", "policy"),
    [
        (Mode.DISABLED, TASK, (TASK,), 1.0, Verdict.REFUSE, "tenant-disabled"),
        (Mode.PROPOSE_ONLY, TASK, (TASK,), 1.0, Verdict.REFUSE, "tenant-proposes-only"),
        (Mode.APPROVAL_REQUIRED, TASK, (TASK,), 1.0, Verdict.APPROVE, "offer-for-approval"),
        (Mode.AUTO_EXECUTE, TASK, (TASK,), 1.0, Verdict.ALLOW, "run-alone"),
        (Mode.AUTO_EXECUTE, TASK, (TASK,), 0.65, Verdict.ALLOW, "run-alone"),
        (Mode.AUTO_EXECUTE, TASK, (TASK,), 0.6499, Verdict.APPROVE, "unsure-needs-a-person"),
        (Mode.AUTO_EXECUTE, TASK, (), 1.0, Verdict.APPROVE, "offer-for-approval"),
        (Mode.AUTO_EXECUTE, UPDATE, (UPDATE,), 1.0, Verdict.APPROVE, "risk-needs-a-person"),
        (Mode.AUTO_EXECUTE, MAIL, (MAIL,), 1.0, Verdict.REFUSE, "nothing-performs-it"),
        (Mode.APPROVAL_REQUIRED, MAIL, (), 1.0, Verdict.REFUSE, "nothing-performs-it"),
    ],
)
def test_policy_case(
    mode: Mode, kind: str, allowlist: tuple[str, ...], confidence: float, verdict: Verdict, policy: str
) -> None:
    gate = GATE.judge(call(kind), confidence, profile(mode, *allowlist))
    assert gate.verdict is verdict
    assert policy in gate.policy_ids
    assert len(gate.reasons) == len(gate.policy_ids)


def test_an_unknown_kind_is_refused_and_named() -> None:
    gate = GATE.judge(
        msgspec.structs.replace(call(TASK), kind="pricing.discount"),
        1.0,
        profile(Mode.AUTO_EXECUTE, "pricing.discount"),
    )
    assert gate.verdict is Verdict.REFUSE
    assert "pricing.discount" in gate.reasons[0]


def test_a_call_with_a_missing_field_is_refused_and_the_field_named() -> None:
    gate = GATE.judge(
        msgspec.structs.replace(call(TASK), parameters={"title": "x"}), 1.0, profile(Mode.AUTO_EXECUTE, TASK)
    )
    assert gate.verdict is Verdict.REFUSE
    assert gate.policy_ids == ("malformed",)
    assert f"{TASK} lacks text." in gate.reasons


@pytest.mark.parametrize("tier", [RiskTier.HIGH, RiskTier.NEVER])
def test_high_risk_never_runs_alone_even_if_its_kind_says_so(tier: RiskTier) -> None:
    risky = msgspec.structs.replace(CATALOGUE.kind(TASK), risk_tier=tier)
    gate = Gate.load(POLICIES, Catalogue([risky])).judge(call(TASK), 1.0, profile(Mode.AUTO_EXECUTE, TASK))
    assert gate.verdict is (Verdict.APPROVE if tier is RiskTier.HIGH else Verdict.REFUSE)


def test_what_cannot_be_undone_never_runs_alone() -> None:
    final = msgspec.structs.replace(CATALOGUE.kind(TASK), reversible=False)
    gate = Gate.load(POLICIES, Catalogue([final])).judge(call(TASK), 1.0, profile(Mode.AUTO_EXECUTE, TASK))
    assert gate.verdict is Verdict.APPROVE
    assert "irreversible-needs-a-person" in gate.policy_ids


def written(folder: Path, text: str) -> Path:
    (folder / "revloop.cedarschema").write_text((POLICIES / "revloop.cedarschema").read_text())
    (folder / "1.cedar").write_text(text)
    return folder


NAMED = '@id("x") @reason("Because.")'


def test_without_a_permit_everything_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, f'{NAMED} forbid (principal, action, resource) when {{ context.mode == "DISABLED" }};')
    gate = Gate.load(folder).judge(call(TASK), 1.0, profile(Mode.AUTO_EXECUTE, TASK))
    assert gate.verdict is Verdict.REFUSE
    assert gate.reasons == ("No policy permits it.",)


def test_a_policy_that_fails_while_it_is_asked_refuses(tmp_path: Path) -> None:
    overflow = f"{NAMED} forbid (principal, action, resource) when {{ context.confidence * 9223372036854775807 < 0 }};"
    permit = '@id("y") @reason("All.") permit (principal, action, resource);'
    gate = Gate.load(written(tmp_path, overflow + permit)).judge(call(TASK), 1.0, profile(Mode.AUTO_EXECUTE, TASK))
    assert gate.verdict is Verdict.REFUSE


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("permit (principal, action, resource);", "@id"),
        (f"{NAMED} permit (principal, action, resource) when {{ context.weather }};", "weather"),
        (f"{NAMED} permit (principal, action, resource); {NAMED} permit (principal, action, resource);", "called x"),
        (f"{NAMED} permit (principal", "unexpected end"),
    ],
)
def test_a_bad_policy_is_refused_at_load(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadPolicy, match=why):
        Gate.load(written(tmp_path, text))


def test_a_folder_without_policies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadPolicy, match=r"no \*\.cedar file"):
        Gate.load(tmp_path)


def test_the_version_follows_every_text(tmp_path: Path) -> None:
    one = Gate.load(written(tmp_path, f"{NAMED} permit (principal, action, resource);")).version
    other = Gate.load(written(tmp_path, f"{NAMED} forbid (principal, action, resource);")).version
    assert len({one, other, GATE.version}) == 3
    assert Gate.load(POLICIES).version == GATE.version
