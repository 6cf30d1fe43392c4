"""stall_reason: why an open deal does not move is not known."""

from revloop.contracts.generated.events import Severity
from services.world_model.core.rule import NO_POINTS, Rule, Side, example

RULE = Rule(
    finding="stall_reason",
    version=1,
    says="Why an open deal does not move is not known.",
    side=Side.UNKNOWN,
    signal_types=frozenset({"DEAL_STALLED"}),
    points=NO_POINTS,
    finds=(example("DEAL_STALLED", Severity.medium),),
    passes=(example("CLOSE_DATE_SLIPPED", Severity.high, 100.0),),
)
