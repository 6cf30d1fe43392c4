"""deadline_missed: what was due was not delivered."""

from revloop.contracts.generated.events import Severity
from services.world_model.core.rule import RISK_POINTS, Rule, Side, example

RULE = Rule(
    finding="deadline_missed",
    version=1,
    says="What was due was not delivered.",
    side=Side.RISK,
    signal_types=frozenset({"DEADLINE_MISSED"}),
    points=RISK_POINTS,
    finds=(
        example("DEADLINE_MISSED", Severity.medium, 1.0),
        example("DEADLINE_MISSED", Severity.high, 2.0),
    ),
    passes=(example("SUPPORT_SEV2_AGING", Severity.medium, 24.0),),
)
