"""customer_lost: the last contract of a customer ended, or its record says that it left."""

from revloop.contracts.generated.events import Lifecycle, Severity, SignalView
from services.world_model.core.rule import RISK_POINTS, Rule, Side, example, told


def matches(signal: SignalView) -> bool:
    """Every other change of the lifecycle is news, and no risk."""
    return told(signal, "lifecycle") == "CHURNED"


RULE = Rule(
    finding="customer_lost",
    version=1,
    says="The customer left.",
    side=Side.RISK,
    signal_types=frozenset({"LIFECYCLE_CHANGED"}),
    points=RISK_POINTS,
    matches=matches,
    lifecycles=frozenset({Lifecycle.CHURNED}),  # one that came back is lost no more
    finds=(example("LIFECYCLE_CHANGED", Severity.high, lifecycle="CHURNED"),),
    passes=(
        example("LIFECYCLE_CHANGED", Severity.medium, lifecycle="CUSTOMER"),
        example("LIFECYCLE_CHANGED", Severity.low, lifecycle="PROSPECT"),
    ),
)
