"""Every rule's own examples hold, and together they make posture and health."""

import re

import msgspec
import pytest

from revloop.contracts.generated.events import Lifecycle, Momentum, Posture, Severity, SignalView
from revloop.contracts.times import DAY_MS
from services.perception.core.detectors import load_detectors
from services.world_model.core.judgement import Judge
from services.world_model.core.rule import NEWS, Rule, Side, example
from services.world_model.core.rules import load_rules
from tests.loops import ROOT

RULES = load_rules()
JUDGE = Judge(RULES)


def found(signal: SignalView, lifecycle: Lifecycle, as_of: int = 0) -> set[str]:
    judged = JUDGE.judge((signal,), lifecycle=lifecycle, as_of=as_of)
    return {finding.finding for finding in (*judged.risks, *judged.opportunities, *judged.unknowns)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.finding)
def test_every_rule_finds_its_examples_and_passes_the_others(rule: Rule) -> None:
    for lifecycle in Lifecycle:
        for signal in rule.finds:
            assert (rule.finding in found(signal, lifecycle)) is (lifecycle in rule.lifecycles)
        for signal in rule.passes:
            assert rule.finding not in found(signal, lifecycle)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.lasts_days], ids=lambda rule: rule.finding)
def test_a_rule_that_lasts_lets_go_on_the_day_it_says(rule: Rule) -> None:
    (lifecycle, *_), end = sorted(rule.lifecycles), (rule.lasts_days or 0) * DAY_MS
    for signal in rule.finds:
        assert rule.finding in found(signal, lifecycle, end - 1)
        assert rule.finding not in found(signal, lifecycle, end)
        assert (JUDGE.lapses_at((signal,), 0), JUDGE.lapses_at((signal,), end)) == (end, None)


def test_every_signal_is_judged_by_a_rule_or_said_to_be_news() -> None:
    judged = {name for rule in RULES for name in rule.signal_types}
    assert judged | NEWS.keys() == {detector.signal_type for detector in load_detectors()}
    assert judged.isdisjoint(NEWS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.finding)
def test_risks_cost_opportunities_give_and_unknowns_weigh_nothing(rule: Rule) -> None:
    sign = {Side.RISK: -1, Side.OPPORTUNITY: 1, Side.UNKNOWN: 0}[rule.side]
    assert all((points > 0) - (points < 0) == sign for points in rule.points.values())


SLIP = {severity: example("CLOSE_DATE_SLIPPED", severity, 40.0) for severity in Severity}
GROWTH = example("AMOUNT_CHANGED", Severity.medium, 0.4)


@pytest.mark.parametrize(
    ("signals", "posture", "momentum"),
    [
        ((), Posture.OK, Momentum.FLAT),
        ((SLIP[Severity.low],), Posture.OK, Momentum.DOWN),
        ((SLIP[Severity.medium],), Posture.WATCH, Momentum.DOWN),
        ((SLIP[Severity.high],), Posture.AT_RISK, Momentum.DOWN),
        ((SLIP[Severity.critical],), Posture.AT_RISK, Momentum.DOWN),
        ((GROWTH,), Posture.EXPAND, Momentum.UP),
        ((SLIP[Severity.low], GROWTH), Posture.EXPAND, Momentum.UP),
        ((SLIP[Severity.medium], GROWTH), Posture.WATCH, Momentum.FLAT),
        ((example("DATA_QUALITY", Severity.low),), Posture.OK, Momentum.FLAT),
    ],
)
def test_posture_and_momentum(signals: tuple, posture: Posture, momentum: Momentum) -> None:  # type: ignore[type-arg]  # signals
    judged = JUDGE.judge(signals)
    assert (judged.posture, judged.momentum) == (posture, momentum)


def test_an_account_with_nothing_going_on_is_dormant_until_a_rule_finds_something() -> None:
    assert JUDGE.judge((), runs=False).posture is Posture.DORMANT
    assert JUDGE.judge((SLIP[Severity.low],), runs=False).posture is Posture.OK
    assert JUDGE.judge((GROWTH,), runs=False).posture is Posture.EXPAND


def test_what_each_signal_costs_is_shown_and_adds_up() -> None:
    many = [msgspec.structs.replace(SLIP[Severity.high], signal_id=f"sig_{n}") for n in range(3)]
    (risk,) = JUDGE.judge(many).risks
    assert (risk.points, risk.signal_points, risk.signal_count) == (-35, (-20, -10, -5), 3)


def test_no_growth_is_shown_while_a_risk_is_high() -> None:
    assert JUDGE.judge((SLIP[Severity.high], GROWTH)).opportunities == ()
    assert JUDGE.judge((SLIP[Severity.medium], GROWTH)).opportunities != ()


def test_each_further_signal_of_a_risk_costs_half_of_the_one_before() -> None:
    many = [msgspec.structs.replace(SLIP[Severity.high], signal_id=f"sig_{n}") for n in range(3)]
    assert [JUDGE.judge(many[: n + 1]).health for n in range(3)] == [80, 70, 65]


def test_the_ruleset_follows_the_rules() -> None:
    assert Judge(RULES).ruleset == JUDGE.ruleset
    assert Judge(RULES[1:]).ruleset != JUDGE.ruleset


def test_the_rule_that_the_page_shows_is_one() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "adding-a-rule.md").read_text(), re.DOTALL)
    shown: dict[str, object] = {}
    exec(compile(code, "adding-a-rule.md", "exec"), shown)
    rule = shown["RULE"]
    assert isinstance(rule, Rule)
    judge = Judge([*RULES, rule])
    for signals, wanted in ((rule.finds, True), (rule.passes, False)):
        for signal in signals:
            assert any(one.finding == rule.finding for one in judge.judge((signal,)).unknowns) is wanted
