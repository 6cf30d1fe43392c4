"""Laws of the world model: order does not matter, and what is shown adds up."""

from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from revloop.contracts.generated.events import Posture, Severity, SignalView
from services.world_model.core.judgement import Judge, worst_first
from services.world_model.core.rule import RANK, example
from services.world_model.core.rules import load_rules

RULES = list(load_rules())
GROWTH = {rule.finding for rule in RULES if rule.only_while_calm}
TYPES = sorted({name for rule in RULES for name in rule.signal_types})
SIGNALS = st.lists(
    st.builds(
        lambda number, kind, severity, value, opened: msgspec.structs.replace(
            example(kind, severity, value), signal_id=f"sig_{number}", opened_at=opened
        ),
        st.integers(0, 10_000),
        st.sampled_from(TYPES),
        st.sampled_from(Severity),
        st.one_of(st.none(), st.floats(-2, 2)),
        st.integers(0, 100),
    ),
    max_size=40,
    unique_by=lambda signal: signal.signal_id,
)


@given(signals=SIGNALS, rules=st.permutations(RULES))
def test_the_order_of_rules_does_not_matter(signals: Sequence[SignalView], rules: Sequence[object]) -> None:
    ordered = sorted(signals, key=worst_first)
    shuffled = Judge(rules)  # type: ignore[arg-type]  # a permutation of rules
    assert shuffled.judge(ordered) == Judge(RULES).judge(ordered)
    assert shuffled.ruleset == Judge(RULES).ruleset


@given(signals=SIGNALS)
def test_the_points_add_up_to_the_health_shown(signals: Sequence[SignalView]) -> None:
    judged = Judge(RULES).judge(sorted(signals, key=worst_first))
    findings = (*judged.risks, *judged.opportunities, *judged.unknowns)
    assert judged.health == 100 + sum(finding.points for finding in findings)
    assert 0 <= judged.health <= 100
    assert all(sum(finding.signal_points) == finding.points for finding in findings)
    assert all(len(finding.signal_points) == len(finding.signal_ids) for finding in findings)
    assert all(finding.points <= 0 for finding in judged.risks)
    assert all(finding.points >= 0 for finding in judged.opportunities)


@given(signals=SIGNALS)
def test_every_finding_cites_open_signals(signals: Sequence[SignalView]) -> None:
    known = {signal.signal_id: signal for signal in signals}
    judged = Judge(RULES).judge(sorted(signals, key=worst_first))
    for finding in (*judged.risks, *judged.opportunities, *judged.unknowns):
        assert 0 < len(finding.signal_ids) <= 10
        assert known[finding.signal_ids[0]].severity is finding.severity


@given(signals=SIGNALS)
def test_no_growth_is_shown_and_no_expansion_while_a_risk_is_high(signals: Sequence[SignalView]) -> None:
    judged = Judge(RULES).judge(sorted(signals, key=worst_first))
    worst = max((RANK[finding.severity] for finding in judged.risks), default=-1)
    if worst >= RANK[Severity.high]:
        assert judged.posture is Posture.AT_RISK
        assert GROWTH.isdisjoint(finding.finding for finding in judged.opportunities)
    elif worst >= RANK[Severity.medium]:
        assert judged.posture is Posture.WATCH
    else:
        assert (judged.posture is Posture.EXPAND) is bool(judged.opportunities)
    assert worst == -1 or RANK[judged.risks[0].severity] == worst
