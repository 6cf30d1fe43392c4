"""An import-linter contract: modules in, and each import that its list does not allow comes out as a breach."""

import re
import sys
from collections.abc import Iterable
from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

STANDARD_LIBRARY = "stdlib"


def _pattern(expression: str) -> re.Pattern[str]:
    """``services.*.core`` matches that module and all below it; ``*`` stands for one part of a name."""
    parts = (r"[^.]+" if part == "*" else re.escape(part) for part in expression.split("."))
    return re.compile(r"\.".join(parts) + r"(\..+)?")


def _among(name: str, expressions: Iterable[str]) -> bool:
    return any(_pattern(expression).fullmatch(name) for expression in expressions)


class MayImportOnly(Contract):
    """``modules`` (but not those of ``except_modules``) may import themselves and what ``allowed`` names.

    ``forbidden`` takes back a part of what ``allowed`` gives. Only direct imports count: whoever imports indirectly
    does so through a module that has a contract of its own.
    """

    type_name = "may_import_only"

    modules = fields.ListField(subfield=fields.StringField())
    except_modules = fields.ListField(subfield=fields.StringField(), default=[])
    allowed = fields.ListField(subfield=fields.StringField())
    forbidden = fields.ListField(subfield=fields.StringField(), default=[])

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find the imports that are not allowed; a contract that concerns no module is broken as well."""
        modules = [name for name in sorted(graph.modules) if self._concerns(name)]
        breaches = [
            f"{importer} imports {imported}"
            for importer in modules
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if not self._allows(imported)
        ]
        return ContractCheck(kept=bool(modules) and not breaches, metadata={"breaches": breaches})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each import that is not allowed."""
        breaches = cast(list[str], check.metadata["breaches"])
        for line in breaches or ["no module has the name this contract speaks of: was a folder renamed?"]:
            output.print_error(line)

    def _concerns(self, name: str) -> bool:
        return _among(name, cast(list[str], self.modules)) and not _among(name, cast(list[str], self.except_modules))

    def _allows(self, imported: str) -> bool:
        if _among(imported, cast(list[str], self.forbidden)):
            return False
        allowed = cast(list[str], self.allowed)
        if STANDARD_LIBRARY in allowed and imported.split(".")[0] in sys.stdlib_module_names:
            return True
        return self._concerns(imported) or _among(imported, allowed)
