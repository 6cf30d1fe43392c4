"""draft.follow_up_email: words for a mail, as an artifact that only we see; sending them is another kind."""

from revloop.contracts.actions.workspace import workspace_kind
from revloop.contracts.generated.events import RiskTier

KIND = workspace_kind(
    "draft.follow_up_email",
    "draft",
    "Words for a mail; sending them is another kind.",
    tier=RiskTier.MINIMAL,
    min_confidence=0.6,
)
