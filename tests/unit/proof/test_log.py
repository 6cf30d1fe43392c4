"""Logs of all awkward sizes verify; a crash leaves every published checkpoint true; the verifier stands alone."""

import ast
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import revloop.proof.verify as verifier
from revloop.proof.hashes import leaf_hash, node_hash
from revloop.proof.notes import checkpoint_text, parse_checkpoint, sign
from revloop.proof.tiles import EntryTooLarge, entries_path, index_path, pack, tile_path, unpack
from revloop.proof.tlog_proof import write_proof
from revloop.proof.tree import Tree
from revloop.proof.verify import verify_log, verify_proof
from revloop.proof.writer import Contradiction, LogWriter
from tests.proofs import KEY, ORIGIN, VKEY, entry, write_log

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 1000, 70_000])
def test_a_log_of_any_size_verifies(tmp_path: Path, size: int) -> None:
    writer = write_log(tmp_path, size, batch=500)
    report = verify_log(tmp_path, VKEY)
    assert (report.ok, report.size) == (True, size), report.faults
    for index in {0, size // 2, size - 1} if size else ():
        proof = write_proof(index, writer.tree().inclusion(index), writer.checkpoint())
        assert verify_proof(proof, writer.entry(index), VKEY).ok


def test_known_answers() -> None:
    """Roots of RFC 6962's own test leaves, as its reference implementations give them."""
    leaves = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        bytes(range(0x50, 0x58)),
        bytes(range(0x60, 0x70)),
    ]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    assert hashes[0].hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    tree = Tree(len(leaves), lambda level, _index, _width: b"".join(hashes) if level == 0 else b"")
    assert tree.root().hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize(
    ("index", "path"), [(0, "000"), (999, "999"), (1000, "x001/000"), (1_234_067, "x001/x234/067")]
)
def test_paths(index: int, path: str) -> None:
    assert index_path(index) == path
    assert tile_path(1, index, 3) == f"tile/1/{path}.p/3"
    assert entries_path(index) == f"tile/entries/{path}"


def test_bundles_hold_what_they_are_given() -> None:
    entries = [b"", b"x", b"y" * 65_535]
    assert unpack(pack(entries)) == entries
    with pytest.raises(EntryTooLarge, match="65535"):
        pack([b"z" * 65_536])


def test_consistency_between_all_sizes(tmp_path: Path) -> None:
    """Each earlier root follows from the proof to each later one (RFC 9162, section 2.1.4.2)."""
    roots = {}
    for size in range(1, 40):
        writer = LogWriter(tmp_path, ORIGIN, KEY)
        writer.append([entry(size - 1)])
        roots[size] = parse_checkpoint(writer.checkpoint())[2]
        for old in range(1, size + 1):
            assert _consistent(old, size, roots[old], roots[size], writer.tree().consistency(old))


def _consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: list[bytes]) -> bool:
    if old == new:
        return proof == [] and old_root == new_root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for node in path[1:]:
        if at & 1 or at == last:
            first, second = node_hash(node, first), node_hash(node, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, node)
        at, last = at >> 1, last >> 1
    return first == old_root and second == new_root


def test_a_published_log_is_not_written_over(tmp_path: Path) -> None:
    write_log(tmp_path, 300)
    checkpoint = (tmp_path / "checkpoint").read_bytes()
    forged = sign(checkpoint_text(ORIGIN, 256, b"\0" * 32), ORIGIN, KEY)
    (tmp_path / "checkpoint").write_bytes(forged)
    with pytest.raises(Contradiction):
        LogWriter(tmp_path, "another/origin", KEY)
    (tmp_path / "checkpoint").write_bytes(checkpoint)
    assert verify_log(tmp_path, VKEY).ok


def test_a_killed_writer_leaves_a_true_log(tmp_path: Path) -> None:
    """kill -9 at twenty moments: the log verifies each time, and each checkpoint seen is a beginning of the last."""
    seen: list[tuple[int, bytes]] = []
    for turn in range(20):
        child = subprocess.Popen([sys.executable, "-c", WRITE, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT)
        assert child.stdout is not None
        for _ in range(turn % 7 + 1):
            child.stdout.readline()
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        report = verify_log(tmp_path, VKEY)
        assert report.ok, report.faults
        seen.append((report.size, report.root))
    tree = LogWriter(tmp_path, ORIGIN, KEY).tree()
    for size, root in seen:
        assert _consistent(size, tree.size, root, tree.root(), tree.consistency(size))


WRITE = """
import sys
from pathlib import Path
from revloop.proof.writer import LogWriter
from tests.proofs import KEY, ORIGIN, entry
writer = LogWriter(Path(sys.argv[1]), ORIGIN, KEY)
while True:
    writer.append([entry(writer.size + n) for n in range(37)])
    print(writer.size, flush=True)
"""


def test_the_verifier_shares_no_code_and_runs_alone(tmp_path: Path) -> None:
    source = Path(verifier.__file__).read_text()
    imported = {
        name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert not any(name.startswith("revloop") for name in imported)
    log, alone = tmp_path / "log", tmp_path / "alone"
    write_log(log, 300)
    alone.mkdir()
    (alone / "check.py").write_text(source)
    (alone / "vkey").write_text(VKEY)
    command = [sys.executable, "-I", "check.py", str(log), "--key", "vkey"]
    assert subprocess.run(command, cwd=alone, capture_output=True).returncode == 0
    (log / "tile" / "0" / "000").write_bytes(hashlib.sha256(b"x").digest() * 256)
    done = subprocess.run(command, cwd=alone, capture_output=True, text=True)
    assert done.returncode == 1
    assert "tile/0/000" in done.stderr
