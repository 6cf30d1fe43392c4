"""draft.meeting_brief: what to know before a meeting, as an artifact that only we see."""

from revloop.contracts.actions.workspace import workspace_kind
from revloop.contracts.generated.events import RiskTier

KIND = workspace_kind(
    "draft.meeting_brief", "brief", "What to know before a meeting.", tier=RiskTier.MINIMAL, min_confidence=0.6
)
