"""pricing.discount: a discount is granted; people decide it, never the loop."""

from revloop.contracts.actions.never import never_kind

KIND = never_kind("pricing.discount", "Opportunity", "A discount is granted.")
