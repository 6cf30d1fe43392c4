"""Vendors, one folder each: how their bodies become records, how their pushes are known, and clients to call them."""

import importlib.util
import pkgutil
from collections.abc import Iterator, Mapping, Sequence

from revloop.integrations.record import Normaliser
from revloop.integrations.signature import Signature


def load_normalisers() -> Mapping[str, Normaliser]:
    """The normaliser of every vendor folder by connector name; called once at start, fails on a folder without one."""
    found: dict[str, Normaliser] = {}
    for folder in _folders():
        normaliser = _normaliser(folder)
        if normaliser.connector in found:
            raise ValueError(f"two vendor folders claim connector {normaliser.connector!r}: rename one")
        found[normaliser.connector] = normaliser
    return found


def load_signatures() -> Mapping[str, Signature]:
    """How each vendor signs its pushes, by connector name; called once at start, fails on a folder without one."""
    return {_normaliser(folder).connector: _signature(folder) for folder in _folders()}


def load_texts() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Where each vendor keeps what people wrote: by connector name and object; none for a vendor that has no texts."""
    return {_normaliser(folder).connector: _texts(folder) for folder in _folders()}


def _folders() -> Iterator[str]:
    return (module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def _normaliser(folder: str) -> Normaliser:
    module = importlib.import_module(f"{__name__}.{folder}.normalise")
    found: Normaliser | None = getattr(module, "NORMALISER", None)
    if found is None:
        raise ValueError(f"vendor folder {folder!r} has no NORMALISER in normalise.py: see jira for one")
    return found


def _signature(folder: str) -> Signature:
    name = f"{__name__}.{folder}.signature"
    module = importlib.import_module(name) if importlib.util.find_spec(name) else None
    found: Signature | None = getattr(module, "SIGNATURE", None)
    if found is None:
        raise ValueError(f"vendor folder {folder!r} has no SIGNATURE in signature.py: see jira for one")
    return found


def _texts(folder: str) -> Mapping[str, Sequence[str]]:
    name = f"{__name__}.{folder}.texts"
    if importlib.util.find_spec(name) is None:
        return {}
    found: Mapping[str, Sequence[str]] = importlib.import_module(name).TEXTS
    return found
