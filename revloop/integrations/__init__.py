"""Vendors, one folder each: how their bodies become records, and clients to call them."""

import importlib
import pkgutil
from collections.abc import Mapping

from revloop.integrations.record import Normaliser


def load_normalisers() -> Mapping[str, Normaliser]:
    """The normaliser of every vendor folder by connector name; called once at start, fails on a folder without one."""
    found: dict[str, Normaliser] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.ispkg:
            continue
        folder = importlib.import_module(f"{__name__}.{module.name}.normalise")
        normaliser: Normaliser | None = getattr(folder, "NORMALISER", None)
        if normaliser is None:
            raise ValueError(f"vendor folder {module.name!r} has no NORMALISER in normalise.py: see jira for one")
        if normaliser.connector in found:
            raise ValueError(f"two vendor folders claim connector {normaliser.connector!r}: rename one")
        found[normaliser.connector] = normaliser
    return found
