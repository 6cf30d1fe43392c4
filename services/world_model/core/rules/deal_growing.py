"""deal_growing: a deal became larger or its close date nearer, and nothing of high risk stands against it."""

from revloop.contracts.generated.events import Severity, SignalView
from services.world_model.core.rule import Rule, Side, example


def matches(signal: SignalView) -> bool:
    """Pulled in, or an amount that went up; from zero, which has no share, is up."""
    return signal.signal_type == "CLOSE_DATE_PULLED_IN" or signal.value is None or signal.value > 0


RULE = Rule(
    finding="deal_growing",
    version=1,
    says="A deal became larger, or its close date nearer.",
    side=Side.OPPORTUNITY,
    signal_types=frozenset({"AMOUNT_CHANGED", "CLOSE_DATE_PULLED_IN"}),
    points={Severity.low: 4, Severity.medium: 8, Severity.high: 8, Severity.critical: 8},
    matches=matches,
    only_while_calm=True,
    finds=(
        example("AMOUNT_CHANGED", Severity.medium, 0.4),
        example("AMOUNT_CHANGED", Severity.medium, None),
        example("CLOSE_DATE_PULLED_IN", Severity.low, -30.0),
    ),
    passes=(example("AMOUNT_CHANGED", Severity.medium, -0.1), example("CLOSE_DATE_SLIPPED", Severity.low, 3.0)),
)
