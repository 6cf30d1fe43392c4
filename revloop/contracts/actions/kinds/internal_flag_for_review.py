"""internal.flag_for_review: a mark that a person should look at something."""

from revloop.contracts.actions.workspace import workspace_kind
from revloop.contracts.generated.events import RiskTier

KIND = workspace_kind(
    "internal.flag_for_review",
    "flag",
    "A mark that a person should look at something.",
    tier=RiskTier.LOW,
    min_confidence=0.65,
)
