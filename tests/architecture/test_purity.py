"""What must be pure has no way to clock, chance, I/O, environment, logs or threads; each exception has a reason."""

from pathlib import Path

import grimp
import pytest
from grimp import ImportGraph

from tests.architecture.purity import OWN_WORDS, PURE_MODULES, allowed_modules, impurities, own_words
from tests.architecture.tree import ROOT, committed

PURE = (
    "services/*/core",
    "revloop/stage",
    "revloop/contracts",
    "revloop/policy",
    "revloop/proof",
    "revloop/tenants",
)
PURE_IN_A_VENDORS_FOLDER = frozenset({"normalise.py", "objects.py"})
"""Ingest's core runs them; it finds them through what it was given, so that no import leads there."""
IMPURE_ON_PURPOSE = frozenset(f"revloop/proof/{name}.py" for name in ("files", "folder", "verify", "writer"))
"""They write and read a log's folder; the format itself, and whatever joins it, is pure."""

FINDS_FILES_AT_START = frozenset({"imports importlib", "imports pkgutil", "mentions .import_module"})
"""A loader is called once, at start: what it finds is the code beside it, the same in every run of one release."""
READS_A_FOLDER_AT_START = frozenset({"imports pathlib", "mentions .glob", "mentions .read_text"})
"""``load`` is called once, at start; whatever it made is pure from then on, and its version is part of the basis."""
READS_FIELDS_BY_NAME = frozenset({"mentions getattr"})
"""Of an event or a proposal, which hold values alone; the names stand in the code beside it, or in the topics."""
KNOWS_TIME_ZONES = frozenset({"imports zoneinfo"})
"""Graph tells local times with a zone's name, and only the machine's rules of zones make moments of them."""

EXCEPTIONS = {
    "revloop/contracts/actions/catalogue.py": FINDS_FILES_AT_START,
    "services/decision/core/playbooks/__init__.py": FINDS_FILES_AT_START,
    "services/perception/core/detectors/__init__.py": FINDS_FILES_AT_START,
    "services/world_model/core/rules/__init__.py": FINDS_FILES_AT_START,
    "revloop/policy/gate.py": READS_A_FOLDER_AT_START,
    "revloop/tenants/registry.py": READS_A_FOLDER_AT_START | {"mentions .is_dir"},
    "revloop/contracts/topic.py": READS_FIELDS_BY_NAME,
    "services/decision/core/contract.py": READS_FIELDS_BY_NAME,
    "revloop/integrations/microsoft_graph/normalise.py": KNOWS_TIME_ZONES,
}


def _pure_files() -> list[str]:
    folders = [folder for pattern in PURE for folder in ROOT.glob(pattern)]
    found = [path for path in committed() if path.suffix == ".py" and any(folder in path.parents for folder in folders)]
    vendors = [path for path in committed() if path.parent.parent == ROOT / "revloop" / "integrations"]
    found += [path for path in vendors if path.name in PURE_IN_A_VENDORS_FOLDER]
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


@pytest.fixture(scope="module")
def reached() -> set[str]:
    """Modules that pure code imports and that are not looked at for their own sake."""
    graph = grimp.build_graph("revloop", "services", "standins", cache_dir=None)
    return _reached(graph, {_module(name) for name in _pure_files()})


def test_what_pure_code_imports_is_pure_too(reached: set[str]) -> None:
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
        "revloop/integrations/jira/normalise.py",
    ):
        assert any(name.startswith(part) for name in names), part


@pytest.mark.parametrize("name", sorted(EXCEPTIONS))
def test_no_exception_outlives_its_reason(name: str) -> None:
    assert _kinds(name) == EXCEPTIONS[name]


def test_no_word_and_no_module_is_allowed_that_nobody_uses(reached: set[str]) -> None:
    sources = [(ROOT / name).read_text() for name in _pure_files()] + [_file(name).read_text() for name in reached]
    assert set().union(*map(own_words, sources)) == OWN_WORDS
    assert set().union(*map(allowed_modules, sources)) == PURE_MODULES


@pytest.mark.parametrize("name", sorted(name for name in IMPURE_ON_PURPOSE if (ROOT / name).exists()))
def test_what_is_impure_on_purpose_is_impure(name: str) -> None:
    assert _kinds(name), "it is pure now: let the rule hold for it"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import time", "imports time"),
        ("import os.path", "imports os"),
        ("from random import choice", "imports random"),
        ("from urllib.request import urlopen", "imports urllib.request"),
        ("from urllib import request", "imports urllib"),
        ("import urllib.parse", "imports urllib"),
        ("import asyncio as a", "imports asyncio"),
        ("from concurrent.futures import Future", "imports concurrent.futures"),
        ("import logging", "imports logging"),
        ("import structlog", "imports structlog"),
        ("from subprocess import run", "imports subprocess"),
        ("import socket", "imports socket"),
        ("def f(): from uuid import uuid4", "imports uuid"),
        ("from builtins import open", "imports builtins"),
        ("from zoneinfo import ZoneInfo", "imports zoneinfo"),
        ("import timeit", "imports timeit"),
        ("from codecs import open", "imports codecs"),
        ("import linecache", "imports linecache"),
        ("import zipfile", "imports zipfile"),
        ("import posix", "imports posix"),
        ("import _io", "imports _io"),
        ("import _thread", "imports _thread"),
        ("import pickle", "imports pickle"),
        ("from statistics import NormalDist", "imports statistics"),
        ("from email.utils import localtime", "imports email.utils"),
        ("from operator import attrgetter", "imports operator"),
        ("import a_package_of_others", "imports a_package_of_others"),
        ("from cryptography.hazmat.backends import default_backend", "imports cryptography.hazmat.backends"),
        ("from json import codecs", "mentions .codecs"),
        ("import json\ncodec = json.codecs", "mentions .codecs"),
        ("import enum as e\nargs = e.sys", "mentions .sys"),
        ("from jwt import PyJWKClient", "mentions .PyJWKClient"),
        ("from datetime import datetime\nat = datetime.now()", "mentions .now"),
        ("from datetime import datetime as D\nclock = D.now", "mentions .now"),
        ("import datetime\nat = datetime.datetime.utcnow()", "mentions .utcnow"),
        ("import datetime\nclock = datetime.date.today", "mentions .today"),
        ("field = make(default_factory=datetime.now)", "mentions .now"),
        ("clock = getattr(datetime, 'now')", "mentions getattr"),
        ("clock = getattr(datetime, 'n' + 'ow')", "mentions getattr"),
        ("get = getattr", "mentions getattr"),
        ("at = case.now()", "mentions .now"),
        ("day = at.astimezone()", "calls .astimezone() in the machine's time zone"),
        ("at = datetime.fromtimestamp(3)", "calls .fromtimestamp() in the machine's time zone"),
        ("claims = jwt.decode(text, key, algorithms=['EdDSA'])", "calls jwt.decode() with the machine's clock"),
        ("match datetime:\n    case type(now=clock): clock()", "mentions .now"),
        ("key = Ed25519PrivateKey.generate()", "mentions .generate"),
        ("some = NormalDist().samples(3)", "mentions .samples"),
        ("text = open('x').read()", "mentions open"),
        ("o = open", "mentions open"),
        ("text = path.open().read()", "mentions .open"),
        ("o = path.open", "mentions .open"),
        ("text = memory.open()", "mentions .open"),
        ("found = path.exists()", "mentions .exists"),
        ("size = path.stat().st_size", "mentions .stat"),
        ("path.touch()", "mentions .touch"),
        ("path.rename(other)", "mentions .rename"),
        ("text = path.read_text()", "mentions .read_text"),
        ("path.write_bytes(b'')", "mentions .write_bytes"),
        ("home = module.environ", "mentions .environ"),
        ("print('x')", "mentions print"),
        ("f = hash", "mentions hash"),
        ("seed = hash('x')", "mentions hash"),
        ("ordered = sorted(some, key=id)", "mentions id"),
        ("run = exec", "mentions exec"),
        ("__import__('time')", "mentions __import__"),
        ("clock = globals()['time']", "mentions globals"),
        ("every = f.__globals__", "mentions .__globals__"),
        ("async def f(): return 1", "f is async"),
    ],
)
def test_planted_impurities_are_found(source: str, found: str) -> None:
    assert [line.partition(": ")[2] for line in impurities(source)] == [found]


def test_an_impurity_is_told_with_its_line() -> None:
    assert impurities("x = 1\nimport time\n\ny = open") == ["line 2: imports time", "line 4: mentions open"]


@pytest.mark.parametrize(
    "source",
    [
        "from urllib.parse import quote",
        "from urllib import parse",
        "from datetime import UTC, datetime",
        "from cryptography.hazmat.primitives.serialization import load_pem_public_key",
        "from . import neighbour",
        "from revloop.contracts.primitives import read_bytes",
        "import msgspec\nread = msgspec.json.decode",
        "now = 3",
        "at = case.now",
        "many = len(memory.open)",
        "class Memory:\n    id: str\n    open: tuple[str, ...] = ()",
        "memory = Memory(id='x', open=())",
        "due = getattr(state, 'due_at', None)",
        "jwt.decode(text, key, options={'verify_exp': False, 'verify_iat': False, 'verify_nbf': False})",
        "day = at.astimezone(UTC)",
        "at = datetime.fromtimestamp(3, UTC)",
        "at = datetime.fromtimestamp(3, tz=UTC)",
    ],
)
def test_pure_sources_pass(source: str) -> None:
    assert impurities(source) == []
