"""support_pressure: support cases add up to a risk, or come back."""

from revloop.contracts.generated.events import Severity
from services.world_model.core.rule import RISK_POINTS, Rule, Side, example

RULE = Rule(
    finding="support_pressure",
    version=1,
    says="Support cases add up, are escalated or come back.",
    side=Side.RISK,
    signal_types=frozenset({"SUPPORT_RISK_EMERGING", "TICKET_ESCALATED", "TICKET_REOPENED"}),
    points=RISK_POINTS,
    finds=(
        example("SUPPORT_RISK_EMERGING", Severity.low, 5.0),
        example("SUPPORT_RISK_EMERGING", Severity.high, 12.0),
        example("TICKET_REOPENED", Severity.medium, 1.0),
        example("TICKET_ESCALATED", Severity.medium),
    ),
    passes=(example("SUPPORT_SEV2_AGING", Severity.medium, 24.0),),
)
