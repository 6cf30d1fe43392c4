"""usage_decline: usage fell to half of what was usual, or less."""

from revloop.contracts.generated.events import Severity
from services.world_model.core.rule import RISK_POINTS, Rule, Side, example

RULE = Rule(
    finding="usage_decline",
    version=1,
    says="Usage fell to half of what was usual, or less.",
    side=Side.RISK,
    signal_types=frozenset({"USAGE_DROP_PERCENT"}),
    points=RISK_POINTS,
    finds=(
        example("USAGE_DROP_PERCENT", Severity.medium, 55.0),
        example("USAGE_DROP_PERCENT", Severity.high, 92.5),
    ),
    passes=(example("USAGE_SPIKE", Severity.low, 180.0),),
)
