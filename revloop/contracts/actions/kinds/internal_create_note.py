"""internal.create_note: a note in the internal workspace."""

from revloop.contracts.actions.workspace import workspace_kind
from revloop.contracts.generated.events import RiskTier

KIND = workspace_kind(
    "internal.create_note", "note", "A note in the internal workspace.", tier=RiskTier.LOW, min_confidence=0.65
)
