"""champion_lost: a champion or the one who decides to buy went, or is not that any more."""

from revloop.contracts.generated.events import Severity, SignalView
from services.world_model.core.rule import RISK_POINTS, Rule, Side, example, told


def matches(signal: SignalView) -> bool:
    """Others may come and go."""
    return told(signal, "critical_role_lost") is True


RULE = Rule(
    finding="champion_lost",
    version=1,
    says="A champion or buyer went, or is not that any more.",
    side=Side.RISK,
    signal_types=frozenset({"STAKEHOLDER_CHANGED"}),
    points=RISK_POINTS,
    matches=matches,
    finds=(example("STAKEHOLDER_CHANGED", Severity.critical, 1.0, critical_role_lost=True),),
    passes=(
        example("STAKEHOLDER_CHANGED", Severity.medium, 2.0, critical_role_lost=False),
        example("CHAMPION_SILENT", Severity.high, 14.0),
    ),
)
