"""What must be pure touches no clock, chance, I/O, environment, logs or threads; each exception has a reason."""

from pathlib import Path

import pytest

from tests.architecture.purity import impurities
from tests.architecture.tree import ROOT, committed

PURE = (
    "services/*/core",
    "revloop/stage",
    "revloop/contracts",
    "revloop/policy",
    "revloop/tenants",
)
PROOF = ("hashes", "tiles", "tree", "notes", "tlog_proof")

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
    proof = {ROOT / "revloop" / "proof" / f"{name}.py" for name in PROOF}
    found = [path for path in committed() if path.suffix == ".py" and (path in proof or _below(path, folders))]
    return [str(path.relative_to(ROOT)) for path in found if "generate" not in path.parts]


def _below(path: Path, folders: list[Path]) -> bool:
    return any(folder in path.parents for folder in folders)


def _kinds(name: str) -> set[str]:
    return {line.partition(": ")[2] for line in impurities((ROOT / name).read_text())}


@pytest.mark.parametrize("name", _pure_files())
def test_pure_code_is_pure(name: str) -> None:
    allowed = EXCEPTIONS.get(name, frozenset())
    found = [line for line in impurities((ROOT / name).read_text()) if line.partition(": ")[2] not in allowed]
    assert not found, f"{name}: take the value as an argument instead, from the app or the event"


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
    ],
)
def test_pure_sources_pass(source: str) -> None:
    assert impurities(source) == []
