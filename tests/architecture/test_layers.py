"""The import rules of pyproject.toml hold, and the contract type behind them refuses what it should."""

from grimp import ImportGraph
from importlinter import api

from tests.architecture.import_rule import MayImportOnly
from tests.architecture.tree import ROOT


def test_every_import_rule_holds() -> None:
    configuration = api.read_configuration(str(ROOT / "pyproject.toml"))
    assert len(configuration["contracts_options"]) >= 20
    assert _lint() == 0


def _lint() -> int:
    from importlinter.cli import lint_imports

    return lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)


def _graph(*imports: tuple[str, str]) -> ImportGraph:
    graph = ImportGraph()
    for importer, imported in imports:
        graph.add_import(importer=importer, imported=imported)
    return graph


def _breaches(graph: ImportGraph, **options: list[str]) -> list[str]:
    contract = MayImportOnly("rule", {}, options)
    return list(contract.check(graph, verbose=False).metadata["breaches"])


def test_what_is_not_allowed_is_a_breach() -> None:
    graph = _graph(("services.a.core.x", "json"), ("services.a.core.x", "faust"), ("services.a.app", "faust"))
    assert _breaches(graph, modules=["services.*.core"], allowed=["stdlib"]) == ["services.a.core.x imports faust"]


def test_forbidden_takes_back_a_part_of_what_is_allowed() -> None:
    graph = _graph(("services.a.app", "revloop.cli.main"), ("services.a.app", "revloop.streams"))
    found = _breaches(graph, modules=["services"], allowed=["revloop"], forbidden=["revloop.cli"])
    assert found == ["services.a.app imports revloop.cli.main"]


def test_a_name_that_only_begins_alike_is_another_module() -> None:
    graph = _graph(("revloop.proof", "cryptography_fork"))
    found = _breaches(graph, modules=["revloop.proof"], allowed=["cryptography"])
    assert found == ["revloop.proof imports cryptography_fork"]


def test_a_contract_about_no_module_is_broken() -> None:
    contract = MayImportOnly("rule", {}, {"modules": ["revloop.gone"], "allowed": ["stdlib"]})
    assert not contract.check(_graph(("revloop.proof", "json")), verbose=False).kept
