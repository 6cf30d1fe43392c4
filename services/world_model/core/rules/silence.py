"""silence: no meeting for three weeks with an account that had some."""

from revloop.contracts.generated.events import Severity
from services.world_model.core.rule import RISK_POINTS, Rule, Side, example

RULE = Rule(
    finding="silence",
    version=1,
    says="There was no meeting for three weeks.",
    side=Side.RISK,
    signal_types=frozenset({"NO_MEETING_IN_21_DAYS"}),
    points=RISK_POINTS,
    finds=(
        example("NO_MEETING_IN_21_DAYS", Severity.medium, 21.0),
        example("NO_MEETING_IN_21_DAYS", Severity.high, 21.0),
    ),
    passes=(example("MEETING_UPCOMING", Severity.low, 24.0),),
)
