"""renewal_intent: whether the customer means to renew is not known while a contract is about to end."""

from revloop.contracts.generated.events import Severity
from services.world_model.core.rule import NO_POINTS, Rule, Side, example

RULE = Rule(
    finding="renewal_intent",
    version=1,
    says="Whether the customer means to renew is not known.",
    side=Side.UNKNOWN,
    signal_types=frozenset({"RENEWAL_WINDOW_ENTERED"}),
    points=NO_POINTS,
    finds=(example("RENEWAL_WINDOW_ENTERED", Severity.medium, 90.0),),
    passes=(example("LIFECYCLE_CHANGED", Severity.high, lifecycle="CHURNED"),),
)
