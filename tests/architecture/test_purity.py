"""What must be pure touches no clock, chance, I/O, environment, logs or threads; each exception has a reason."""

from pathlib import Path

import grimp
import pytest
from grimp import ImportGraph

from tests.architecture.purity import impurities
from tests.architecture.tree import ROOT, committed

PURE = (
    "services/*/core",
    "revloop/stage",
    "revloop/contracts",
    "revloop/policy",
    "revloop/proof",
    "revloop/tenants",
)
IMPURE_ON_PURPOSE = frozenset(f"revloop/proof/{name}.py" for name in ("files", "folder", "verify", "writer"))
"""They write and read a log's folder; the format itself, and whatever joins it, is pure."""

FINDS_FILES_AT_START = frozenset({"imports importlib", "imports pkgutil"})
"""A loader is called once, at start: what it finds is the code beside it, the same in every run of one release."""
READS_A_FOLDER_AT_START = frozenset({"imports pathlib", "calls .glob()", "calls .read_text()"})
"""``load`` is called once, at start; whatever it made is pure from then on, and its version is part of the basis."""

EXCEPTIONS = {
    "revloop/contracts/actions/catalogue.py": FINDS_FILES_AT_START,
    "services/decision/core/playbooks/__init__.py": FINDS_FILES_AT_START,
    "services/perception/core/detectors/__init__.py": FINDS_FILES_AT_START,
    "services/world_model/core/rules/__init__.py": FINDS_FILES_AT_START,
    "revloop/policy/gate.py": READS_A_FOLDER_AT_START,
    "revloop/tenants/registry.py": READS_A_FOLDER_AT_START,
}


def _pure_files() -> list[str]:
    folders = [folder for pattern in PURE for folder in ROOT.glob(pattern)]
    found = [path for path in committed() if path.suffix == ".py" and any(folder in path.parents for folder in folders)]
    names = {str(path.relative_to(ROOT)) for path in found if "generate" not in path.parts}
    return sorted(names - IMPURE_ON_PURPOSE)


def _module(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _file(module: str) -> Path:
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _reached(graph: ImportGraph, pure: set[str]) -> set[str]:
    """Modules of ours that ``pure`` ones import, directly or through others, and that are not among them."""
    upstream = (graph.find_upstream_modules(module) for module in pure & graph.modules)
    return set().union(*upstream) - pure


def _kinds(name: str) -> set[str]:
    return {line.partition(": ")[2] for line in impurities((ROOT / name).read_text())}


@pytest.mark.parametrize("name", _pure_files())
def test_pure_code_is_pure(name: str) -> None:
    allowed = EXCEPTIONS.get(name, frozenset())
    found = [line for line in impurities((ROOT / name).read_text()) if line.partition(": ")[2] not in allowed]
    assert not found, f"{name}: take the value as an argument instead, from the app or the event"


def test_what_pure_code_imports_is_pure_too() -> None:
    graph = grimp.build_graph("revloop", "services", "standins", cache_dir=None)
    reached = _reached(graph, {_module(name) for name in _pure_files()})
    found = {module: lines for module in reached if (lines := impurities(_file(module).read_text()))}
    assert not found, "a core gets at these through what it imports"


def test_a_detour_to_the_clock_is_found() -> None:
    graph = ImportGraph()
    graph.add_import(importer="services.a.core", imported="revloop.innocent")
    graph.add_import(importer="revloop.innocent", imported="revloop.clock")
    graph.add_import(importer="revloop.clock", imported="revloop.stage")
    graph.add_import(importer="revloop.elsewhere", imported="revloop.more")
    pure = {"services.a.core", "revloop.stage"}
    assert _reached(graph, pure) == {"revloop.innocent", "revloop.clock"}


def test_enough_is_looked_at() -> None:
    names = _pure_files()
    for part in (
        "services/ingest/core/",
        "services/console/core/",
        "revloop/stage/",
        "revloop/policy/",
        "revloop/proof/",
    ):
        assert any(name.startswith(part) for name in names), part


@pytest.mark.parametrize("name", sorted(EXCEPTIONS))
def test_no_exception_outlives_its_reason(name: str) -> None:
    assert _kinds(name) == EXCEPTIONS[name]


@pytest.mark.parametrize("name", sorted(name for name in IMPURE_ON_PURPOSE if (ROOT / name).exists()))
def test_what_is_impure_on_purpose_is_impure(name: str) -> None:
    assert _kinds(name), "it is pure now: let the rule hold for it"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import time", "line 1: imports time"),
        ("import os.path", "line 1: imports os.path"),
        ("from random import choice", "line 1: imports random"),
        ("from urllib.request import urlopen", "line 1: imports urllib.request"),
        ("from urllib import request", "line 1: imports urllib"),
        ("import asyncio as a", "line 1: imports asyncio"),
        ("from concurrent.futures import Future", "line 1: imports concurrent.futures"),
        ("import logging", "line 1: imports logging"),
        ("import structlog", "line 1: imports structlog"),
        ("from subprocess import run", "line 1: imports subprocess"),
        ("import socket", "line 1: imports socket"),
        ("def f():\n    from uuid import uuid4", "line 2: imports uuid"),
        ("from datetime import datetime\nat = datetime.now()", "line 2: calls .now()"),
        ("import datetime\nat = datetime.datetime.utcnow()", "line 2: calls .utcnow()"),
        ("from datetime import date\nday = date.today()", "line 2: calls .today()"),
        ("from datetime import datetime\nfield = make(default_factory=datetime.now)", "line 2: calls .now()"),
        ("import datetime\nclock = datetime.date.today", "line 2: calls .today()"),
        ("day = at.astimezone()", "line 1: calls .astimezone() in the machine's time zone"),
        ("at = datetime.fromtimestamp(3)", "line 1: calls .fromtimestamp() in the machine's time zone"),
        ("from builtins import open", "line 1: imports builtins"),
        ("from zoneinfo import ZoneInfo", "line 1: imports zoneinfo"),
        ("text = open('x').read()", "line 1: calls open()"),
        ("print('x')", "line 1: calls print()"),
        ("def f(path):\n    return path.read_text()", "line 2: calls .read_text()"),
        ("def f(path):\n    path.write_bytes(b'')", "line 2: calls .write_bytes()"),
        ("seed = hash('x')", "line 1: calls hash()"),
        ("async def f():\n    return 1", "line 1: f is async"),
        ("__import__('time')", "line 1: calls __import__()"),
    ],
)
def test_planted_impurities_are_found(source: str, found: str) -> None:
    assert impurities(source) == [found]


@pytest.mark.parametrize(
    "source",
    [
        "from urllib.parse import quote",
        "from urllib import parse",
        "from datetime import UTC, datetime",
        "now = 3",
        "x.now",
        "day = at.astimezone(UTC)",
        "at = datetime.fromtimestamp(3, UTC)",
        "at = datetime.fromtimestamp(3, tz=UTC)",
    ],
)
def test_pure_sources_pass(source: str) -> None:
    assert impurities(source) == []
