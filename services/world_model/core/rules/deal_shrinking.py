"""deal_shrinking: the amount of a deal went down."""

from revloop.contracts.generated.events import Severity, SignalView
from services.world_model.core.rule import RISK_POINTS, Rule, Side, example


def matches(signal: SignalView) -> bool:
    """A change without a share came from zero: it went up."""
    return signal.value is not None and signal.value < 0


RULE = Rule(
    finding="deal_shrinking",
    version=1,
    says="The amount of a deal went down.",
    side=Side.RISK,
    signal_types=frozenset({"AMOUNT_CHANGED"}),
    points=RISK_POINTS,
    matches=matches,
    finds=(example("AMOUNT_CHANGED", Severity.high, -0.4), example("AMOUNT_CHANGED", Severity.medium, -0.06)),
    passes=(example("AMOUNT_CHANGED", Severity.medium, 0.4), example("AMOUNT_CHANGED", Severity.medium, None)),
)
