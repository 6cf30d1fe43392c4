"""deal_drift: the close date of a deal moved later."""

from revloop.contracts.generated.events import Severity
from services.world_model.core.rule import RISK_POINTS, Rule, Side, example

RULE = Rule(
    finding="deal_drift",
    version=1,
    says="The close date of a deal moved later.",
    side=Side.RISK,
    signal_types=frozenset({"CLOSE_DATE_SLIPPED"}),
    points=RISK_POINTS,
    finds=(example("CLOSE_DATE_SLIPPED", Severity.low, 3.0), example("CLOSE_DATE_SLIPPED", Severity.critical, 400.0)),
    passes=(example("CLOSE_DATE_PULLED_IN", Severity.low, -30.0), example("STAGE_CHANGED", Severity.low)),
)
