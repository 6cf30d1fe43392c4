"""champion_silent: the champion gives no sign of life while something is at stake."""

from revloop.contracts.generated.events import Severity
from services.world_model.core.rule import RISK_POINTS, Rule, Side, example

RULE = Rule(
    finding="champion_silent",
    version=1,
    says="A champion gives no sign of life while a deal or renewal is open.",
    side=Side.RISK,
    signal_types=frozenset({"CHAMPION_SILENT"}),
    points=RISK_POINTS,
    finds=(example("CHAMPION_SILENT", Severity.high, 14.0),),
    passes=(example("STAKEHOLDER_CHANGED", Severity.critical, 1.0, critical_role_lost=True),),
)
