"""renewal: a contract is about to end and is not renewed."""

from revloop.contracts.generated.events import Severity
from services.world_model.core.rule import Rule, Side, example

RULE = Rule(
    finding="renewal",
    version=1,
    says="A contract is about to end and is not renewed.",
    side=Side.RISK,
    signal_types=frozenset({"RENEWAL_WINDOW_ENTERED"}),
    points={Severity.low: -2, Severity.medium: -5, Severity.high: -10, Severity.critical: -18},
    finds=(
        example("RENEWAL_WINDOW_ENTERED", Severity.medium, 90.0),
        example("RENEWAL_WINDOW_ENTERED", Severity.critical, 12.0),
    ),
    passes=(example("NO_MEETING_IN_21_DAYS", Severity.high, 21.0),),
)
