"""One file a rule; adding one here is all it takes."""

import importlib
import pkgutil
from collections.abc import Sequence

from services.world_model.core.rule import Rule


def load_rules() -> Sequence[Rule]:
    """Every rule of this folder, sorted by finding; called once at start, fails loudly."""
    found: dict[str, Rule] = {}
    for module in pkgutil.iter_modules(__path__):
        rule = importlib.import_module(f"{__name__}.{module.name}").RULE
        if not isinstance(rule, Rule):
            raise TypeError(f"{module.name}: RULE is no rule")
        if rule.finding in found:
            raise ValueError(f"two rules claim {rule.finding}")
        if not rule.says.endswith("."):
            raise ValueError(f"{module.name}: a rule says in a sentence what it found")
        if not rule.finds or not rule.passes:
            raise ValueError(f"{module.name}: a rule carries examples that it finds and that it passes")
        found[rule.finding] = rule
    return [found[name] for name in sorted(found)]
