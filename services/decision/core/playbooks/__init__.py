"""One file a playbook; adding one here is all it takes."""

import importlib
import pkgutil
from collections.abc import Sequence

from services.decision.core.playbook import Play, Playbook, Restraint


def load_playbooks() -> Sequence[Play]:
    """Every playbook of this folder, sorted by name; called once at start, fails loudly."""
    found: dict[str, Play] = {}
    for module in pkgutil.iter_modules(__path__):
        play = importlib.import_module(f"{__name__}.{module.name}").PLAYBOOK
        if not isinstance(play, Playbook | Restraint):
            raise TypeError(f"{module.name}: PLAYBOOK is neither a playbook nor a restraint")
        if play.name in found:
            raise ValueError(f"two playbooks are called {play.name}")
        speaks = play.drafts if isinstance(play, Playbook) else play.holds
        if not speaks or not play.silent:
            raise ValueError(f"{module.name}: a playbook carries examples where it speaks and where it is silent")
        found[play.name] = play
    return [found[name] for name in sorted(found)]
