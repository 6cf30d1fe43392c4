"""deal_stalled: an open deal does not move."""

from revloop.contracts.generated.events import Severity
from services.world_model.core.rule import RISK_POINTS, Rule, Side, example

RULE = Rule(
    finding="deal_stalled",
    version=1,
    says="An open deal does not move, or is older than deals become.",
    side=Side.RISK,
    signal_types=frozenset({"DEAL_STALLED"}),
    points=RISK_POINTS,
    finds=(example("DEAL_STALLED", Severity.medium),),
    passes=(example("STAGE_CHANGED", Severity.low),),
)
