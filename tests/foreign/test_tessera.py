"""Another project's library reads our logs: it agrees on every intact one, and on none that was damaged."""

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from revloop.proof.verify import verify_log
from tests.architecture.tree import ROOT
from tests.unit.proof.sample import VKEY, files_of, write_log

HERE = Path(__file__).parent / "tessera"
PAGE = ROOT / "docs" / "generated" / "foreign-verifier.md"
SIZES = (1, 2, 255, 256, 257, 1_000, 65_536, 70_000)
TEXT = """# A foreign verifier over our logs

Tessera's checker (`tests/foreign/tessera`, Go) and `revloop ledger verify` read the same folders and agree on all of
them; a log that was damaged is refused by both. Repeat with `make test-long`, or `pytest -m long tests/foreign`.

| entries | Tessera, s | ours, s |
| ---: | ---: | ---: |
"""
Verify = Callable[[Path], subprocess.CompletedProcess[str]]
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("go") is None, reason="there is no Go here to build the verifier with"),
]


@pytest.fixture(scope="module")
def verify(tmp_path_factory: pytest.TempPathFactory) -> Verify:
    """Runs Tessera's checker over a folder."""
    folder = tmp_path_factory.mktemp("tessera")
    (folder / "log.vkey").write_text(VKEY)
    program = folder / "verify"
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=HERE, check=True, timeout=600)

    def run(directory: Path) -> subprocess.CompletedProcess[str]:
        command = [str(program), str(directory), str(folder / "log.vkey")]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    return run


def test_it_agrees_on_every_intact_log(verify: Verify, tmp_path: Path) -> None:
    rows = []
    for size in SIZES:
        log = tmp_path / str(size)
        write_log(log, size, batch=max(300, size // 7))
        began = time.monotonic()
        theirs = verify(log)
        between = time.monotonic()
        ours = verify_log(log, VKEY)
        assert (theirs.returncode, theirs.stdout) == (0, "ok\n"), theirs.stderr
        assert (ours.ok, ours.size) == (True, size)
        rows.append(f"| {size:,} | {between - began:.2f} | {time.monotonic() - between:.2f} |\n")
    PAGE.write_text(TEXT + "".join(rows))


@pytest.mark.parametrize(
    "part", ["checkpoint", "tile/entries/000", "tile/0/000", "tile/entries/001.p/", "tile/1/000.p/"]
)
def test_it_refuses_a_damaged_log_as_we_do(verify: Verify, tmp_path: Path, part: str) -> None:
    log = tmp_path / "log"
    write_log(log, 300)
    name = next(name for name in sorted(files_of(log)) if name.startswith(part))
    data = bytearray((log / name).read_bytes())
    data[len(data) // 2] ^= 1
    (log / name).write_bytes(data)
    theirs = verify(log)
    assert theirs.returncode == 1
    assert theirs.stderr.strip()
    assert [finding.file for finding in verify_log(log, VKEY).findings] == [name]


def test_it_refuses_a_log_with_a_file_missing(verify: Verify, tmp_path: Path) -> None:
    write_log(tmp_path / "log", 300)
    (tmp_path / "log" / "tile" / "0" / "000").unlink()
    assert verify(tmp_path / "log").returncode == 1
