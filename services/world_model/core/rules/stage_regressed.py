"""stage_regressed: a deal went back in the tenant's order of stages."""

from revloop.contracts.generated.events import Severity
from services.world_model.core.rule import RISK_POINTS, Rule, Side, example

RULE = Rule(
    finding="stage_regressed",
    version=1,
    says="A deal went back in the order of stages.",
    side=Side.RISK,
    signal_types=frozenset({"STAGE_REGRESSED"}),
    points=RISK_POINTS,
    finds=(example("STAGE_REGRESSED", Severity.high),),
    passes=(example("STAGE_CHANGED", Severity.low),),
)
