"""forecast.set_category: a forecast category is set; people decide it, never the loop."""

from revloop.contracts.actions.never import never_kind

KIND = never_kind("forecast.set_category", "Opportunity", "A forecast category is set.")
