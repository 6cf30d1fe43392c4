"""Documents keep their word: blocks marked as runnable run and show what they say, and links lead somewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, committed

BLOCK = re.compile(r"<!-- runs -->\n```sh\n(?P<script>.*?)```\n(?:\n```text\n(?P<shown>.*?)```\n)?", re.DOTALL)
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ (?P<title>.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
RUNNING_TOGETHER = (Path("README.md"), Path("docs/tour.md"), Path("docs/why-this-health.md"))


def _blocks() -> list[tuple[str, str, str]]:
    return [
        (f"{path}:{number}", found["script"], found["shown"] or "")
        for path in RUNNING_TOGETHER
        for number, found in enumerate(BLOCK.finditer((ROOT / path).read_text()), 1)
    ]


def _documents() -> list[Path]:
    return [path for path in committed() if path.suffix == ".md"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The repository's files in a folder of its own, so that a block can write beside them."""
    for path in ROOT.iterdir():
        if not path.name.startswith("."):
            (tmp_path / path.name).symlink_to(path)
    return tmp_path


@pytest.mark.parametrize(("script", "shown"), [b[1:] for b in _blocks()], ids=[b[0] for b in _blocks()])
def test_a_block_shows_what_it_says(script: str, shown: str, checkout: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=checkout,
        env={**os.environ, "PATH": path, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    missing = [line for line in shown.splitlines() if line not in done.stdout]
    assert not missing, done.stdout


def test_these_documents_have_blocks() -> None:
    assert {name.split(":")[0] for name, *_ in _blocks()} == {str(path) for path in RUNNING_TOGETHER}


def anchors(text: str) -> set[str]:
    """The fragments a Markdown text offers, made of its headings as code hosts do."""
    titles = (found["title"] for found in HEADING.finditer(FENCE.sub("", text)))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(document: Path, text: str) -> list[str]:
    """Relative links of ``text``, at the place of ``document``, that lead nowhere."""
    broken = []
    for found in LINK.finditer(FENCE.sub("", text)):
        target, _, fragment = found["target"].partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        path = document.parent / target if target else document
        there = path.exists()
        if there and fragment and path.suffix == ".md":
            there = fragment in anchors(path.read_text())
        if not there:
            broken.append(found["target"])
    return broken


@pytest.mark.parametrize("document", _documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    assert broken_links(document, document.read_text()) == []


def test_a_broken_link_is_found() -> None:
    text = "[a](gone.md) [b](README.md#gone) [c](README.md) [d](https://example.org/x) [e](#here)\n# Here\n"
    assert broken_links(ROOT / "CONTRIBUTING.md", text)[:2] == ["gone.md", "README.md#gone"]
