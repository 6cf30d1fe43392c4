"""single_threaded: an open deal hangs on one person."""

from revloop.contracts.generated.events import Severity, SignalView
from services.world_model.core.rule import RISK_POINTS, Rule, Side, example


def matches(signal: SignalView) -> bool:
    """Where nobody is told, who is on the deal is not known, which is another finding."""
    return signal.value == 1


RULE = Rule(
    finding="single_threaded",
    version=1,
    says="An open deal hangs on one person.",
    side=Side.RISK,
    signal_types=frozenset({"STAKEHOLDER_GAP"}),
    points=RISK_POINTS,
    matches=matches,
    finds=(example("STAKEHOLDER_GAP", Severity.high, 1.0),),
    passes=(
        example("STAKEHOLDER_GAP", Severity.high, 0.0),
        example("STAKEHOLDER_GAP", Severity.high, 3.0),
    ),
)
