"""Blobs are found under their content, whole or not at all."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from revloop.stores.blobs import DirectoryBlobs, NoBlob


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 4096], ids=["empty", "small", "large"])
def test_what_is_put_in_is_found_under_its_hash(folder: Path, data: bytes) -> None:
    blobs = DirectoryBlobs(folder)
    reference = blobs.put(data)
    assert reference == f"sha256:{sha256(data).hexdigest()}"
    assert DirectoryBlobs(folder).get(reference) == data


def test_a_blob_has_one_file_in_the_folder_of_its_first_byte(folder: Path) -> None:
    blobs = DirectoryBlobs(folder)
    digests = [blobs.put(data).partition(":")[2] for data in (b"a", b"a", b"b")]
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {f"{digest[:2]}/{digest}" for digest in digests}


def test_many_writers_of_the_same_blob_do_not_meet(folder: Path) -> None:
    blobs = DirectoryBlobs(folder)
    data = b"x" * 2**20
    with ThreadPoolExecutor(8) as pool:
        references = set(pool.map(blobs.put, [data] * 40))
    [reference] = references
    assert blobs.get(reference) == data
    assert [path.suffix for path in folder.rglob("*") if path.is_file()] == [""]


def test_an_erased_blob_is_gone_and_can_come_back(folder: Path) -> None:
    blobs = DirectoryBlobs(folder)
    reference = blobs.put(b"x")
    blobs.erase(reference)
    blobs.erase(reference)
    with pytest.raises(NoBlob):
        blobs.get(reference)
    assert blobs.put(b"x") == reference
    assert blobs.get(reference) == b"x"


def test_a_blob_that_changed_is_refused(folder: Path) -> None:
    blobs = DirectoryBlobs(folder)
    reference = blobs.put(b"x")
    [file] = (path for path in folder.rglob("*") if path.is_file())
    file.write_bytes(b"y")
    with pytest.raises(ValueError, match="restore it from its copy"):
        blobs.get(reference)


@pytest.mark.parametrize(
    "reference",
    ["", "x", "sha256:", "md5:" + "0" * 64, "sha256:" + "0" * 63, "sha256:../../" + "0" * 58, "sha256:" + "A" * 64],
)
def test_what_is_no_reference_is_refused(folder: Path, reference: str) -> None:
    with pytest.raises(ValueError, match="is no reference of a blob"):
        DirectoryBlobs(folder).get(reference)
