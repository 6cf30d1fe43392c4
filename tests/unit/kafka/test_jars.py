"""Only the pinned jars run: a damaged, missing or foreign one is named, and a broken fetch leaves nothing behind."""

from hashlib import sha256
from pathlib import Path

import pytest

from revloop.kafka.jars import VERSION, FetchFailed, WrongJar, check, class_path, pinned
from tests.loops import free_home

JARS = {"a-1.jar": b"first", "b-2.jar": b"second"}
SUMS = {name: sha256(content).hexdigest() for name, content in JARS.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in JARS.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_the_pinned_files_pass(folder: Path) -> None:
    check(sorted(folder.iterdir()), SUMS)


def test_one_changed_byte_is_named(folder: Path) -> None:
    (folder / "b-2.jar").write_bytes(b"sEcond")
    with pytest.raises(WrongJar, match=r"b-2\.jar differs from the pinned file"):
        check(sorted(folder.iterdir()), SUMS)


def test_a_missing_and_a_foreign_jar_are_named(folder: Path) -> None:
    (folder / "a-1.jar").rename(folder / "a-2.jar")
    with pytest.raises(WrongJar, match=r"missing \['a-1\.jar'\], unknown \['a-2\.jar'\]"):
        check(sorted(folder.iterdir()), SUMS)


def test_an_empty_folder_is_not_the_pinned_jars() -> None:
    with pytest.raises(WrongJar, match="missing"):
        check([], SUMS)


def test_the_committed_sums_are_whole() -> None:
    sums = pinned()
    assert f"kafka_2.13-{VERSION}.jar" in sums
    assert all(len(bytes.fromhex(digest)) == 32 for digest in sums.values())
    assert len(set(sums.values())) == len(sums)


def test_a_cache_that_was_tampered_with_is_refused(tmp_path: Path) -> None:
    jars = tmp_path / f"kafka-{VERSION}"
    jars.mkdir()
    for name in pinned():
        (jars / name).write_bytes(b"something else")
    with pytest.raises(WrongJar, match="differs from the pinned file"):
        class_path(tmp_path)


def test_a_fetch_without_a_network_says_so_and_leaves_nothing_that_looks_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = f"http://127.0.0.1:{free_home(tmp_path).kafka_port}"
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, nobody)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    half = tmp_path / f"kafka-{VERSION}.fetching" / "maven" / "half.jar"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"hal")
    with pytest.raises(FetchFailed, match="Start again"):
        class_path(tmp_path)
    assert not (tmp_path / f"kafka-{VERSION}").exists()
    assert not half.exists()
