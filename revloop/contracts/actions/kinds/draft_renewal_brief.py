"""draft.renewal_brief: what to know before a renewal, as an artifact that only we see."""

from revloop.contracts.actions.workspace import workspace_kind
from revloop.contracts.generated.events import RiskTier

KIND = workspace_kind(
    "draft.renewal_brief", "brief", "What to know before a renewal.", tier=RiskTier.MINIMAL, min_confidence=0.6
)
