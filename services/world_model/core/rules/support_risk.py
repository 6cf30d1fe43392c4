"""support_risk: a severe support case stays open too long."""

from revloop.contracts.generated.events import Severity
from services.world_model.core.rule import RISK_POINTS, Rule, Side, example

RULE = Rule(
    finding="support_risk",
    version=1,
    says="A severe support case stays open too long.",
    side=Side.RISK,
    signal_types=frozenset({"SUPPORT_SEV2_AGING"}),
    points=RISK_POINTS,
    finds=(
        example("SUPPORT_SEV2_AGING", Severity.medium, 24.0),
        example("SUPPORT_SEV2_AGING", Severity.critical, 72.0),
    ),
    passes=(example("DATA_QUALITY", Severity.low),),
)
