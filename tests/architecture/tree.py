"""The repository as git knows it: committed files, services, and text."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def committed() -> list[Path]:
    """Files under version control that are in the work tree, below the repository's root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    paths = (ROOT / name for name in listed.decode().split("\0") if name)
    return [path for path in paths if path.is_file()]


def texts() -> Iterator[tuple[str, str]]:
    """(path below the root, text) of each committed file that is text."""
    for path in committed():
        content = path.read_bytes()
        if b"\0" not in content[:8000]:
            yield str(path.relative_to(ROOT)), content.decode()


def services() -> list[Path]:
    """The folder of each service."""
    return sorted(path for path in (ROOT / "services").iterdir() if (path / "__main__.py").is_file())
