"""A writer may die at any moment: the log stays true, goes on, and no checkpoint ever published is contradicted."""

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from revloop.proof.consistency import verify_consistency as proven
from revloop.proof.folder import LogReader
from revloop.proof.notes import open_checkpoint
from revloop.proof.verify import verify_consistency, verify_log
from tests.unit.proof.sample import SIGNER, VKEY, opened, write_log

ROOT = Path(__file__).resolve().parents[3]


class Lab:
    """A process that forks writers and kills them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, how: str, directory: Path, run: str, amount: float) -> tuple[bool, list[bytes]]:
        """Whether the writer was killed, and the checkpoints that it gave out before."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{how} {directory} {run} {amount}\n")
        self._process.stdin.flush()
        ended, *published = self._process.stdout.readline().split()
        return ended == "killed", [bytes.fromhex(note) for note in published]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    command = [sys.executable, "-m", "tests.unit.proof.crash_lab"]
    process = subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    yield Lab(process)
    process.communicate()
    assert process.returncode == 0


def assert_true_to(published: list[bytes], log: Path) -> None:
    """The log verifies, and everything ever published is its beginning; the verifier itself says so of the last."""
    report = verify_consistency(published[-1], log, VKEY)
    assert (report.faults, report.unexpected) == ([], [])
    tree = LogReader(log).tree
    for old in {open_checkpoint(note, SIGNER.key) for note in published}:
        proven(old.size, old.root, tree.size, report.root, tree.consistency(old.size))


def test_death_before_any_file_operation(lab: Lab, tmp_path: Path) -> None:
    """One writer for each operation of a whole run over full and partial tiles, and each time the log goes on."""
    base = tmp_path / "base"
    write_log(base, 200, 60)
    before = (base / "checkpoint").read_bytes()
    deaths, sizes, killed = 0, set(), True
    while killed:
        deaths += 1
        log = copytree(base, tmp_path / f"{deaths}")
        killed, published = lab.ask("operation", log, f"run{deaths}", deaths)
        report = verify_log(log, VKEY)
        assert report.faults == [], deaths
        assert report.size >= 200
        sizes.add(report.size)
        published += [before, (log / "checkpoint").read_bytes()]
        with opened(log, known_size=report.size) as writer:
            assert writer.size == report.size
            writer.append([b"after death %d" % deaths] * 400)
            writer.publish()
        assert_true_to(published, log)
    assert deaths > 40
    assert sizes == {200, 530}


def test_death_of_a_new_log(lab: Lab, tmp_path: Path) -> None:
    deaths, killed = 0, True
    while killed:
        deaths += 1
        log = tmp_path / f"{deaths}"
        killed, published = lab.ask("operation", log, f"run{deaths}", deaths)
        with opened(log) as writer:
            writer.append([b"after death %d" % deaths])
            published.append(writer.publish())
        assert_true_to(published, log)
    assert deaths > 20


def kill_at_random(lab: Lab, log: Path, deaths: int, seed: int) -> None:
    """One log that is written by one victim after the other."""
    dice = random.Random(seed)
    published: list[bytes] = []
    for turn in range(deaths):
        killed, seen = lab.ask("moment", log, f"turn{turn}", dice.random() * 0.02)
        assert killed
        assert seen
        published += [*seen, (log / "checkpoint").read_bytes()]
        report = verify_log(log, VKEY)
        assert report.faults == [], turn
    opened(log).close()
    assert_true_to(published, log)


def test_death_at_random_moments(lab: Lab, tmp_path: Path) -> None:
    kill_at_random(lab, tmp_path, deaths=20, seed=1)


@pytest.mark.long
def test_death_at_many_random_moments(lab: Lab, tmp_path: Path) -> None:
    kill_at_random(lab, tmp_path, deaths=300, seed=2)
