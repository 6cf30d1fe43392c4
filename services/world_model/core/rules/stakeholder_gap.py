"""stakeholder_gap: an open deal has no champion or no buyer, or too few people, as far as records tell."""

from revloop.contracts.generated.events import Severity
from services.world_model.core.rule import NO_POINTS, Rule, Side, example

RULE = Rule(
    finding="stakeholder_gap",
    version=1,
    says="Who decides on an open deal is not fully known.",
    side=Side.UNKNOWN,
    signal_types=frozenset({"STAKEHOLDER_GAP"}),
    points=NO_POINTS,
    finds=(
        example("STAKEHOLDER_GAP", Severity.high, 0.0),
        example("STAKEHOLDER_GAP", Severity.high, 1.0),
    ),
    passes=(example("STAKEHOLDER_CHANGED", Severity.medium, 2.0),),
)
