"""What holds of every state, wherever it comes from."""

from revloop.contracts.generated.events import AccountState, Posture, Severity
from services.world_model.core.rule import RANK
from services.world_model.core.rules import load_rules

GROWTH = {rule.finding for rule in load_rules() if rule.only_while_calm}


def explains_itself(state: AccountState) -> None:
    """What is shown adds up, and no finding is without its evidence."""
    findings = (*state.risks, *state.opportunities, *state.unknowns)
    assert state.health == 100 + sum(one.points for one in findings)
    assert 0 <= state.health <= 100
    shown = {one.signal_id: one for one in state.signals}
    for one in findings:
        assert sum(one.signal_points) == one.points
        assert one.ruleset == state.ruleset
        assert one.says
        assert shown[one.signal_ids[0]].evidence
        assert one.introduced_at <= state.observed_at
        assert one.expires_at is None or one.expires_at > one.introduced_at


def leads_with_the_worst(state: AccountState) -> None:
    """The worst risk is the first, and no growth is offered while it is high."""
    ranks = [RANK[one.severity] for one in state.risks]
    assert ranks == sorted(ranks, reverse=True)
    high = max(ranks, default=-1) >= RANK[Severity.high]
    assert (state.posture is Posture.AT_RISK) is high
    assert not high or GROWTH.isdisjoint(one.finding for one in state.opportunities)
    assert state.posture is not Posture.DORMANT or not state.risks
