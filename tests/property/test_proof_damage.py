"""Any damage to a log or a proof is found, and the report names the file it is in and no other."""

import random
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from revloop.proof.folder import LogReader
from revloop.proof.verify import verify_log, verify_proof
from tests.unit.proof.sample import (
    DAMAGES,
    VKEY,
    damaged,
    entries,
    entry,
    files_of,
    flip,
    opened,
    replaced,
    write_log,
)

MUTATIONS = 1_500
LONG_MUTATIONS = 20_000


def named(directory: Path) -> set[str]:
    """Files that the verifier finds fault with."""
    return {finding.file for finding in verify_log(directory, VKEY).findings}


def some_log(directory: Path, sizes: tuple[int, ...]) -> None:
    """A log that was published at each of ``sizes``: partial tiles of earlier checkpoints lie beside the last ones."""
    with opened(directory) as log:
        for size in sizes:
            log.append(entries(log.size, size))
            log.publish()


def other_bytes(dice: random.Random, name: str, files: dict[str, bytes]) -> bytes | None:
    """What may stand in place of a file: nothing, its damaged bytes, or another file of the log."""
    what = dice.random()
    if what < 0.04 and not may_be_missing(name, files):
        return None
    if what < 0.08:
        return dice.choice([data for data in files.values() if data != files[name]])
    return damaged(dice, files[name])


def may_be_missing(name: str, files: dict[str, bytes]) -> bool:
    """A partial tile of an earlier checkpoint: a log need not keep it."""
    folder, partial, width = name.partition(".p/")
    return bool(partial) and any(
        other.startswith(f"{folder}.p/") and int(other.partition(".p/")[2]) > int(width) for other in files
    )


def campaign(directory: Path, mutations: int, seed: int) -> None:
    dice = random.Random(seed)
    logs = [(3,), (100, 180, 256), (90, 255, 257, 300), (500, 512, 700)]
    for number, sizes in enumerate(logs):
        some_log(directory / str(number), sizes)
    whole = [files_of(directory / str(number)) for number in range(len(logs))]
    for _ in range(mutations):
        number = dice.randrange(len(logs))
        name = dice.choice(list(whole[number]))
        with replaced(directory / str(number) / name, other_bytes(dice, name, whole[number])):
            assert named(directory / str(number)) == {name}
    for number in range(len(logs)):
        assert verify_log(directory / str(number), VKEY).ok


def test_every_damage_to_a_log_is_named(tmp_path: Path) -> None:
    campaign(tmp_path, MUTATIONS, seed=1)


@pytest.mark.long
def test_every_damage_to_a_log_is_named_long(tmp_path: Path) -> None:
    campaign(tmp_path, LONG_MUTATIONS, seed=2)


@pytest.mark.parametrize("name", ["checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"])
def test_every_single_bit_counts(tmp_path: Path, name: str) -> None:
    write_log(tmp_path, 3)
    sound = (tmp_path / name).read_bytes()
    for at, bit in product(range(len(sound)), range(8)):
        with replaced(tmp_path / name, sound[:at] + bytes([sound[at] ^ 1 << bit]) + sound[at + 1 :]):
            assert named(tmp_path) == {name}, (at, bit)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with a full tile of level 1 and three levels of tiles."""
    directory = tmp_path_factory.mktemp("large")
    write_log(directory, 70_000, 5_000)
    return directory


def test_a_large_log_verifies(large: Path) -> None:
    report = verify_log(large, VKEY)
    assert (report.faults, report.unexpected, report.size) == ([], [], 70_000)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("tile/entries/100", "entry"),
        ("tile/0/100", "hash"),
        ("tile/0/273.p/112", "hash"),
        ("tile/1/000", "hash"),
        ("tile/1/001.p/17", "hash"),
        ("tile/2/000.p/1", "hash"),
    ],
)
def test_a_flipped_bit_in_a_large_log_is_named(large: Path, name: str, what: str) -> None:
    dice = random.Random(4)
    with replaced(large / name, flip(dice, (large / name).read_bytes())):
        findings = verify_log(large, VKEY).findings
    assert {finding.file for finding in findings} == {name}
    assert what in findings[0].what


@pytest.mark.long
def test_every_damage_to_a_large_log_is_named(large: Path) -> None:
    dice = random.Random(5)
    whole = files_of(large)
    for _ in range(300):
        name = dice.choice(list(whole))
        with replaced(large / name, other_bytes(dice, name, whole)):
            assert named(large) == {name}


def damage_proofs(directory: Path, mutations: int, seed: int) -> None:
    dice = random.Random(seed)
    write_log(directory, 700)
    log = LogReader(directory)
    for _ in range(mutations):
        index = dice.randrange(700)
        proof = log.prove(index).encode()
        bad = damaged(dice, proof)
        assert [finding.file for finding in verify_proof(bad, entry(index), VKEY).findings] == ["proof"]
        assert verify_proof(proof, damaged(dice, entry(index)), VKEY).faults


def test_every_damage_to_a_proof_is_found(tmp_path: Path) -> None:
    damage_proofs(tmp_path, MUTATIONS, seed=3)


@pytest.mark.long
def test_every_damage_to_a_proof_is_found_long(tmp_path: Path) -> None:
    damage_proofs(tmp_path, LONG_MUTATIONS, seed=6)


def test_every_single_bit_of_a_proof_counts(tmp_path: Path) -> None:
    write_log(tmp_path, 5)
    sound = LogReader(tmp_path).prove(2).encode()
    assert verify_proof(sound, entry(2), VKEY).ok
    for at, bit in product(range(len(sound)), range(8)):
        bad = sound[:at] + bytes([sound[at] ^ 1 << bit]) + sound[at + 1 :]
        assert verify_proof(bad, entry(2), VKEY).faults, (at, bit)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_every_damage_does_damage(damage: Callable[[random.Random, bytes], bytes]) -> None:
    """The campaigns above are worth what their damages are."""
    dice = random.Random(7)
    data = bytes(range(1, 200))
    assert sum(damage(dice, data) != data for _ in range(100)) > 80
