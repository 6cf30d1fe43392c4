"""usage_growth: usage is half as much again as usual, or more, and nothing of high risk stands against it."""

from revloop.contracts.generated.events import Severity
from services.world_model.core.rule import Rule, Side, example

RULE = Rule(
    finding="usage_growth",
    version=1,
    says="Usage is half as much again as usual, or more.",
    side=Side.OPPORTUNITY,
    signal_types=frozenset({"USAGE_SPIKE"}),
    points={Severity.low: 5, Severity.medium: 8, Severity.high: 8, Severity.critical: 8},
    only_while_calm=True,
    finds=(example("USAGE_SPIKE", Severity.low, 180.0),),
    passes=(example("USAGE_DROP_PERCENT", Severity.medium, 55.0),),
)
