"""Any damage to a log or a proof is found, and the report names the file it is in."""

import random
from pathlib import Path

import pytest

from revloop.proof.tlog_proof import write_proof
from revloop.proof.verify import verify_log, verify_proof
from tests.proofs import DAMAGES, VKEY, damage_one, entry, write_log

SIZE = 700
MUTATIONS = 1_000


def campaign(directory: Path, mutations: int, seed: int) -> None:
    """Damage a log again and again, each time one file in one way."""
    dice = random.Random(seed)
    write_log(directory, SIZE)
    for _ in range(mutations):
        name, mend = damage_one(dice, directory, SIZE)
        report = verify_log(directory, VKEY)
        assert any(name in fault for fault in report.faults), (name, report.faults)
        mend()
    assert verify_log(directory, VKEY).ok


def test_every_damage_to_a_log_is_named(tmp_path: Path) -> None:
    campaign(tmp_path, MUTATIONS, seed=1)


@pytest.mark.long
def test_every_damage_to_a_log_is_named_long(tmp_path: Path) -> None:
    campaign(tmp_path, 20 * MUTATIONS, seed=2)


def test_every_damage_to_a_proof_is_found(tmp_path: Path) -> None:
    dice = random.Random(3)
    writer = write_log(tmp_path, SIZE)
    for _ in range(MUTATIONS):
        index = dice.randrange(SIZE)
        proof = write_proof(index, writer.tree().inclusion(index), writer.checkpoint())
        assert verify_proof(proof, entry(index), VKEY).ok
        bad = dice.choice(DAMAGES)(dice, proof)
        assert bad == proof or verify_proof(bad, entry(index), VKEY).faults
        assert verify_proof(proof, entry(index + 1), VKEY).faults


@pytest.mark.parametrize("name", ["tile/9/000", "tile/0/999", "note", "tile/entries/000.p/999"])
def test_what_the_checkpoint_does_not_cover_is_listed(tmp_path: Path, name: str) -> None:
    write_log(tmp_path, SIZE)
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(b"x")
    assert verify_log(tmp_path, VKEY).uncovered == [name]
