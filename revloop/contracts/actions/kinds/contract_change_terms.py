"""contract.change_terms: terms of a contract are changed; people decide it, never the loop."""

from revloop.contracts.actions.never import never_kind

KIND = never_kind("contract.change_terms", "Contract", "Terms of a contract are changed.")
