"""pricing.change: a price is changed; people decide it, never the loop."""

from revloop.contracts.actions.never import never_kind

KIND = never_kind("pricing.change", "Product2", "A price is changed.")
