"""A log grows only: what is published stays, repeats change nothing, and whatever would contradict it is refused."""

import resource
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from revloop import proof
from revloop.proof.errors import BadNote, Contradiction, Damaged, EntryTooLarge, Gap, Occupied, ProofError
from revloop.proof.files import LogFiles
from revloop.proof.folder import LogReader
from revloop.proof.notes import open_checkpoint
from revloop.proof.verify import verify_log, verify_proof
from revloop.proof.writer import LogWriter
from tests.unit.proof import sample
from tests.unit.proof.sample import ORIGIN, SIGNER, STRANGER, VKEY, entries, entry, files_of, opened, write_log

SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 513, 1000]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("batch", [256, 300])
def test_a_log_of_any_size_verifies(tmp_path: Path, size: int, batch: int) -> None:
    write_log(tmp_path, size, batch)
    report = verify_log(tmp_path, VKEY)
    assert (report.faults, report.unexpected, report.size) == ([], [], size)
    log = LogReader(tmp_path)
    for index in {0, size // 2, size - 1} if size else ():
        proof = log.prove(index)
        assert log.entry(index) == entry(index)
        assert proof.verify(entry(index), SIGNER.key) == log.checkpoint
        assert verify_proof(proof.encode(), entry(index), VKEY).ok


def test_the_same_entries_give_the_same_tiles(tmp_path: Path) -> None:
    """However they come: in batches, one by one, with restarts."""
    write_log(tmp_path / "once", 600, 600)
    write_log(tmp_path / "batches", 600, 7)
    for index in range(0, 600, 50):
        with opened(tmp_path / "restarts") as log:
            assert log.append(entries(index, index + 50), index) == range(index, index + 50)
            log.publish()
    once = files_of(tmp_path / "once")
    for other in ("batches", "restarts"):
        found = files_of(tmp_path / other)
        assert {name: found[name] for name in once} == once


def test_partial_tiles_go_once_the_full_one_is_published(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        for index in range(256):
            log.append([entry(index)])
            log.publish()
        assert sorted(files_of(tmp_path)) == ["checkpoint", "tile/0/000", "tile/1/000.p/1", "tile/entries/000"]


def test_a_reader_keeps_its_checkpoint_while_the_log_grows(tmp_path: Path) -> None:
    write_log(tmp_path, 200)
    log = LogReader(tmp_path)
    with opened(tmp_path) as writer:
        writer.append(entries(200, 900))
        writer.publish()
    assert log.prove(150).verify(entry(150), SIGNER.key).size == 200


def test_appending_again_changes_nothing(tmp_path: Path) -> None:
    write_log(tmp_path, 700)
    before = files_of(tmp_path)
    with opened(tmp_path) as log:
        for start, end in ((0, 700), (0, 1), (255, 257), (699, 700), (300, 300)):
            assert log.append(entries(start, end), start) == range(start, end)
        log.publish()
        assert files_of(tmp_path) == before
        assert log.append(entries(500, 800), 500) == range(500, 800)
        assert log.append(entries(690, 800), 690) == range(690, 800)
        log.publish()
    assert verify_log(tmp_path, VKEY).size == 800


@pytest.mark.parametrize("start", [0, 254, 699, 750])
def test_other_bytes_at_an_index_are_refused(tmp_path: Path, start: int) -> None:
    write_log(tmp_path, 700)
    before = files_of(tmp_path)
    with opened(tmp_path) as log:
        log.append(entries(700, 760))
        with pytest.raises(Contradiction, match=rf"entries {start} to \d+ of {ORIGIN} are in the log with other bytes"):
            log.append([b"other"], start)
        assert files_of(tmp_path) == before
        assert log.append(entries(700, 760), 700) == range(700, 760)


def test_a_log_has_no_gaps(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        log.append(entries(0, 3))
        for start in (4, -1):
            with pytest.raises(Gap, match="next index of revloop/test is 3"):
                log.append([b"x"], start)


def test_an_entry_too_large_leaves_the_log_as_it_was(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        with pytest.raises(EntryTooLarge):
            log.append([b"fits", b"x" * 65_536])
        assert log.size == 0
        log.append([b"x" * 65_535])
        log.publish()
    assert verify_log(tmp_path, VKEY).size == 1


def test_what_is_not_published_is_forgotten(tmp_path: Path) -> None:
    """A restart goes on from the checkpoint, with other entries if they come."""
    write_log(tmp_path, 100)
    before = files_of(tmp_path)
    with opened(tmp_path) as log:
        log.append([b"other%d" % number for number in range(900)])
        assert log.entry(950) == b"other850"
        assert log.published.size == 100
    assert verify_log(tmp_path, VKEY).size == 100
    with opened(tmp_path) as log:
        assert log.size == 100
        assert files_of(tmp_path) == before
        log.append(entries(100, 1000))
        log.publish()
    assert (verify_log(tmp_path, VKEY).faults, verify_log(tmp_path, VKEY).unexpected) == ([], [])


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        with pytest.raises(Occupied, match="open in another writer"):
            opened(tmp_path)
        log.append([b"x"])
    with pytest.raises(Damaged, match="closed"):
        log.append([b"y"])
    opened(tmp_path).close()


def test_a_key_signs_for_its_own_log(tmp_path: Path) -> None:
    with pytest.raises(BadNote, match="does not sign for"):
        LogWriter.open(tmp_path, "another/log", SIGNER)
    write_log(tmp_path, 3)
    with pytest.raises(BadNote, match="not signed by"):
        LogWriter.open(tmp_path, STRANGER.key.name, STRANGER)


def lose_checkpoint(log: Path) -> None:
    (log / "checkpoint").unlink()


def lose_tile(log: Path) -> None:
    (log / "tile/1/000.p/1").unlink()


def lose_bundle(log: Path) -> None:
    (log / "tile/entries/001.p/44").unlink()


def spoil_tile(log: Path) -> None:
    (log / "tile/0/001.p/44").write_bytes(bytes(44 * 32))


def cut_tile(log: Path) -> None:
    (log / "tile/0/001.p/44").write_bytes(bytes(43 * 32))


def spoil_bundle(log: Path) -> None:
    path = log / "tile/entries/001.p/44"
    path.write_bytes(path.read_bytes().replace(b"led_299", b"led_298"))


@pytest.mark.parametrize(
    "damage", [lose_checkpoint, lose_tile, lose_bundle, spoil_tile, cut_tile, spoil_bundle], ids=lambda d: d.__name__
)
def test_a_damaged_log_is_not_written_on(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    write_log(tmp_path, 300)
    damage(tmp_path)
    before = files_of(tmp_path)
    with pytest.raises(Damaged):
        opened(tmp_path)
    assert files_of(tmp_path) == before


def test_an_older_copy_is_not_written_on(tmp_path: Path) -> None:
    """Whoever knows that more was published says so: another history must not begin."""
    write_log(tmp_path, 300)
    old = (tmp_path / "checkpoint").read_bytes()
    with opened(tmp_path, known_size=300) as log:
        log.append(entries(300, 400))
        log.publish()
    (tmp_path / "checkpoint").write_bytes(old)
    before = files_of(tmp_path)
    with pytest.raises(Damaged, match="covers 300 entries, 400 were published"):
        opened(tmp_path, known_size=400)
    assert files_of(tmp_path) == before


def test_a_broken_write_ends_the_writer(tmp_path: Path) -> None:
    """The disk takes no more: nothing is signed on what may not be there, and opening again goes on."""
    with opened(tmp_path) as log:
        log.append(entries(0, 100))
        log.publish()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
        try:
            with pytest.raises(OSError, match="File too large"):
                log.append(entries(100, 400))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        for action in (log.publish, lambda: log.append([b"x"])):
            with pytest.raises(Damaged, match="open it again"):
                action()
    assert verify_log(tmp_path, VKEY).size == 100
    with opened(tmp_path) as log:
        log.append(entries(100, 400))
        log.publish()
    assert verify_log(tmp_path, VKEY).size == 400


def test_a_file_in_place_is_not_written_over(tmp_path: Path) -> None:
    files = LogFiles(tmp_path)
    files.place("tile/0/000", b"one")
    files.place("tile/0/000", b"one")
    with pytest.raises(Contradiction, match=r"tile/0/000 .* other bytes"):
        files.place("tile/0/000", b"two")
    assert (tmp_path / "tile/0/000").read_bytes() == b"one"
    files.close()


def test_a_checkpoint_names_size_and_root(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        empty = open_checkpoint(log.checkpoint(), SIGNER.key)
        log.append(entries(0, 5))
        published = open_checkpoint(log.publish(), SIGNER.key)
    assert (empty.size, published.size) == (0, 5)
    assert published.root == LogReader(tmp_path).tree.root()


def test_nothing_new_signs_nothing(tmp_path: Path) -> None:
    """A checkpoint that a witness has signed below keeps that line."""
    write_log(tmp_path, 5)
    with (tmp_path / "checkpoint").open("ab") as file:
        file.write("— witness.example AAAAAAA=\n".encode())
    before = files_of(tmp_path)
    with opened(tmp_path) as log:
        assert log.publish() == before["checkpoint"]
    assert files_of(tmp_path) == before


def test_a_reader_does_not_prove_what_is_not_so(tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="nothing was published"):
        LogReader(tmp_path)
    write_log(tmp_path, 300)
    spoil_bundle(tmp_path)
    log = LogReader(tmp_path)
    with pytest.raises(Damaged, match=r"entry 299 of .* has no proof"):
        log.prove(299)
    for index in (-1, 300):
        with pytest.raises(IndexError):
            log.prove(index)
        with pytest.raises(IndexError):
            log.entry(index)


def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    """What the writer holds is a tile a level and a bundle, counted where its own code allocates."""
    ours = [
        tracemalloc.Filter(True, f"*{Path(proof.__file__).parent.name}/*"),
        tracemalloc.Filter(True, sample.__file__),
    ]
    tracemalloc.start()
    held_bytes = []
    with opened(tmp_path) as log:
        for start in range(0, 40_000, 500):
            log.append(entries(start, start + 500))
            log.publish()
            if start % 10_000 == 9_500:
                found = tracemalloc.take_snapshot().filter_traces(ours).statistics("filename")
                held_bytes.append(sum(part.size for part in found))
    tracemalloc.stop()
    assert max(held_bytes) < 100_000, held_bytes


def test_every_refusal_has_one_root() -> None:
    for refusal in (BadNote, Contradiction, Damaged, EntryTooLarge, Gap, Occupied):
        assert issubclass(refusal, ProofError)
