"""The files of ``kinds`` come in, one catalogue goes out; a kind without examples or named twice is refused."""

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cached_property

from revloop.contracts.actions import kinds
from revloop.contracts.actions.kind import ActionKind
from revloop.contracts.failures import Reject
from revloop.contracts.ids import content_hash


class UnknownKind(Reject):
    """A kind that the catalogue does not have: nothing may be done about it."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "unknown_kind",
            f"No action kind {name!r} in the catalogue: see revloop/contracts/actions/kinds.",
        )


class Catalogue:
    """Kinds by name, fixed while it lives."""

    def __init__(self, entries: Iterable[ActionKind]) -> None:
        self._kinds: dict[str, ActionKind] = {}
        for kind in entries:
            if kind.name in self._kinds:
                raise ValueError(f"two files claim the action kind {kind.name}")
            if not kind.sound or not kind.faulty:
                raise ValueError(f"{kind.name}: a kind carries calls that are sound and calls that are not")
            self._kinds[kind.name] = kind

    def kind(self, name: str) -> ActionKind:
        """The kind called ``name``; raises UnknownKind."""
        found = self._kinds.get(name)
        if found is None:
            raise UnknownKind(name)
        return found

    def names(self) -> list[str]:
        """All kinds, sorted."""
        return sorted(self._kinds)

    @cached_property
    def version(self) -> str:
        """Hash of the whole content: a decision names the catalogue it rests on."""
        return content_hash([self._kinds[name] for name in self.names()])[:16]


def load_catalogue() -> Catalogue:
    """Every kind of the ``kinds`` folder; called once at start, fails loudly."""
    modules = pkgutil.iter_modules(kinds.__path__)
    return Catalogue(importlib.import_module(f"{kinds.__name__}.{module.name}").KIND for module in modules)
