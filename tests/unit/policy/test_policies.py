"""The policies say what their table of cases says, and the table leaves no kind and no policy out."""

from pathlib import Path
from typing import TypedDict

import pytest
import yaml

from revloop.contracts.actions import load_catalogue
from revloop.policy.gate import Gate
from revloop.tenants import Profile
from revloop.tenants.profile import Mode

POLICIES = Path(__file__).parents[3] / "policies"
CATALOGUE = load_catalogue()
GATE = Gate.load(POLICIES)


class Case(TypedDict):
    """One line of the table."""

    mode: str
    kind: str
    allowlist: str
    confidence: float
    says: str
    because: str


CASES: list[Case] = yaml.safe_load((POLICIES / "tests" / "cases.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['mode']}-{case['kind']}-{case['confidence']}")
def test_the_policies_say_what_the_case_says(case: Case) -> None:
    listed = {"listed": (case["kind"],), "empty": ()}[case["allowlist"]]
    profile = Profile(tenant="t", mode=Mode(case["mode"]), allowlist=listed)
    gate = GATE.judge(CATALOGUE.kind(case["kind"]).sound[0], case["confidence"], profile)
    assert gate.verdict.value == case["says"]
    assert case["because"] in gate.policy_ids
    assert len(gate.reasons) == len(gate.policy_ids)


def test_every_kind_has_a_case() -> None:
    assert {case["kind"] for case in CASES} == set(CATALOGUE.names())


def test_every_policy_that_a_well_formed_call_can_meet_has_a_case() -> None:
    text = "".join(path.read_text() for path in POLICIES.glob("*.cedar"))
    named = {line.split('"')[1] for line in text.splitlines() if line.startswith("@id(")}
    unmet = {"malformed", "irreversible-needs-a-person"}  # no sound call, and no harmless kind, meets these
    assert named - {case["because"] for case in CASES} == unmet
