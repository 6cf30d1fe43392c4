"""Calls that are no calls, forbids of one tenant, and policies that cannot be trusted."""

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
TASK = "internal.create_task"


def call(kind: str) -> Call:
    return CATALOGUE.kind(kind).sound[0]


def profile(mode: Mode, *allowlist: str) -> Profile:
    return Profile(tenant="t", mode=mode, allowlist=allowlist)


def test_an_unknown_kind_is_refused_and_named() -> None:
    gate = GATE.judge(
        msgspec.structs.replace(call(TASK), kind="weather.change"),
        1.0,
        profile(Mode.AUTO_EXECUTE, "weather.change"),
    )
    assert gate.verdict is Verdict.REFUSE
    assert "weather.change" in gate.reasons[0]


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


@pytest.mark.parametrize("confidence", [float("nan"), float("inf"), -0.1, 1.1])
def test_a_confidence_that_is_no_share_is_refused(confidence: float) -> None:
    gate = GATE.judge(call(TASK), confidence, profile(Mode.AUTO_EXECUTE, TASK))
    assert gate.verdict is Verdict.REFUSE
    assert "The confidence is not a share from 0 to 1." in gate.reasons


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
    one = Gate.load(written(tmp_path, f"{NAMED} permit (principal, action, resource);")).version_of("t")
    other = Gate.load(written(tmp_path, f"{NAMED} forbid (principal, action, resource);")).version_of("t")
    assert len({one, other, GATE.version_of("t")}) == 3
    assert Gate.load(POLICIES).version_of("t") == GATE.version_of("t")


# --- texts of one tenant


def with_tenant(folder: Path, name: str, text: str) -> Path:
    written(folder, '@id("all") @reason("All.") permit (principal, action, resource);')
    (folder / "tenants").mkdir(exist_ok=True)
    (folder / "tenants" / f"{name}.cedar").write_text(text)
    return folder


NO_TASKS = f'{NAMED} forbid (principal, action, resource == Kind::"{TASK}");'


def test_a_tenants_forbid_holds_for_that_tenant_alone(tmp_path: Path) -> None:
    gate = Gate.load(with_tenant(tmp_path, "a%7Cb", NO_TASKS))
    own, other = (Profile(tenant=tenant, mode=Mode.AUTO_EXECUTE) for tenant in ("a|b", "t"))
    assert gate.tenants() == ["a|b"]
    refused = gate.judge(call(TASK), 1.0, own)
    assert (refused.verdict, refused.policy_ids, refused.reasons) == (Verdict.REFUSE, ("x",), ("Because.",))
    assert gate.judge(call("internal.create_note"), 1.0, own).verdict is Verdict.ALLOW
    assert gate.judge(call(TASK), 1.0, other).verdict is Verdict.ALLOW


def test_a_tenants_text_is_part_of_that_tenants_version_alone(tmp_path: Path) -> None:
    plain = Gate.load(written(tmp_path, '@id("all") @reason("All.") permit (principal, action, resource);'))
    gate = Gate.load(with_tenant(tmp_path, "a", NO_TASKS))
    assert gate.version_of("t") == plain.version_of("t") == plain.version_of("a")
    assert gate.version_of("a") != plain.version_of("a")
    assert gate.judge(call(TASK), 1.0, Profile(tenant="a")).policy_version == gate.version_of("a")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{NAMED} permit (principal, action, resource);", "never permit"),
        (f'{NO_TASKS} @id("y") @reason("All.") permit (principal, action, resource);', "never permit"),
        ("forbid (principal, action, resource);", "@id"),
        ('@id("all") @reason("Mine.") forbid (principal, action, resource);', "called all"),
        (f"{NAMED} forbid (principal", "unexpected end"),
    ],
)
def test_a_tenants_text_that_cannot_hold_is_refused_at_load(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadPolicy, match=why):
        Gate.load(with_tenant(tmp_path, "a", text))


def test_two_texts_of_one_tenant_are_refused(tmp_path: Path) -> None:
    with_tenant(tmp_path, "a b", NO_TASKS)
    with pytest.raises(BadPolicy, match="two files"):
        Gate.load(with_tenant(tmp_path, "a%20b", NO_TASKS))
