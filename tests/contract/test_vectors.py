"""What every store of vectors does, whichever is behind it: SQLite, or a Pinecone index on loopback."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from revloop.contracts.failures import Retry
from revloop.stores.embeddings import Matrix, unit
from revloop.stores.vectors import BadVector, Namespace, Place, Vector, Vectors, place_of
from revloop.stores.vectors_pinecone import PineconeRefused, PineconeVectors
from revloop.stores.vectors_sqlite import SqliteVectors
from tests.loops import ROOT

DIM = 8
ONE, OTHER = Namespace("t", "e/1"), Namespace("t#e", "1")
Start = Callable[..., str]


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def start(*flags: str) -> str:
        command = [sys.executable, "-m", "standins.pinecone", "--dim", str(DIM), *flags]
        running.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        assert running[-1].stdout is not None
        return str(json.loads(running[-1].stdout.readline())["base_url"])

    yield start
    for process in running:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def address(start: Start) -> str:
    return start()


@pytest.fixture(params=["sqlite", "pinecone"])
def vectors(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vectors]:
    if request.param == "sqlite":
        store = SqliteVectors(tmp_path)
        yield store
        store.close()
        return
    index = PineconeVectors(request.getfixturevalue("address"), "standin", DIM)
    yield index
    for tenant in ("t", "t#e", "u"):
        index.purge_tenant(tenant)
    index.close()


def row(*numbers: float) -> Matrix:
    return unit(np.array([[*numbers, *([0.0] * (DIM - len(numbers)))]], dtype=np.float32))[0]


def vector(artifact: str, *numbers: float, account: str = "a", kind: str = "note", chunk: int = 0) -> Vector:
    place = Place(artifact_id=artifact, chunk=chunk, account_id=account, kind=kind, at=7, sha256="ab")
    return Vector(place=place, values=row(*numbers))


def found(vectors: Vectors, namespace: Namespace = ONE, k: int = 9, **filters: object) -> list[str]:
    return [near.place.id for near in vectors.query(namespace, row(1), k, **filters)]  # type: ignore[arg-type]


def test_the_nearest_come_first_with_their_places(vectors: Vectors) -> None:
    vectors.upsert(ONE, [vector("far", 0, 1), vector("near", 1), vector("mid", 1, 1, chunk=3)])
    near = vectors.query(ONE, row(1), 2)
    assert [one.place.id for one in near] == ["near#0", "mid#3"]
    assert near[0].place == vector("near", 1).place
    assert [one.score for one in near] == pytest.approx([1, 0.5**0.5], abs=1e-6)
    assert vectors.count(ONE) == 3


def test_accounts_and_kinds_are_kept_apart(vectors: Vectors) -> None:
    vectors.upsert(ONE, [vector("x", 1), vector("y", 1, account="b"), vector("z", 1, kind="case")])
    assert found(vectors, account_id="b") == ["y#0"]
    assert found(vectors, kinds=("case", "none")) == ["z#0"]
    assert found(vectors, account_id="a", kinds=("note",)) == ["x#0"]
    assert found(vectors, account_id="b", kinds=("case",)) == []


def test_writing_again_replaces(vectors: Vectors) -> None:
    vectors.upsert(ONE, [vector("x", 1), vector("y", 0, 1)])
    assert found(vectors, k=1) == ["x#0"]
    vectors.upsert(ONE, [vector("x", 0, 0, 1), vector("y", 1)])
    assert (found(vectors, k=1), vectors.count(ONE)) == (["y#0"], 2)


def test_what_is_deleted_is_not_found_again(vectors: Vectors) -> None:
    many = [vector(f"n{number}", 1, number, account=f"a{number % 3}") for number in range(30)]
    vectors.upsert(ONE, [*many, vector("two", 1), vector("two", 1, chunk=1)])
    assert len(found(vectors, k=99)) == 32
    vectors.delete_artifact(ONE, "two")
    vectors.delete_account(ONE, "a1")
    left = found(vectors, k=99)
    assert sorted(left) == sorted(one.place.id for one in many if one.place.account_id != "a1")
    assert vectors.count(ONE) == len(left) == 20
    vectors.delete_artifact(ONE, "two")  # again: nothing to do


def test_a_namespace_is_a_tenant_and_an_embedder(vectors: Vectors) -> None:
    spaces = [ONE, OTHER, Namespace("t", "e/2"), Namespace("u", "e/1")]
    for number, space in enumerate(spaces):
        vectors.upsert(space, [vector(f"of {number}", 1, number)])
    for number, space in enumerate(spaces):
        assert found(vectors, space) == [f"of%20{number}#0"]
    vectors.purge_tenant("t")
    assert [found(vectors, space) for space in spaces] == [[], ["of%201#0"], [], ["of%203#0"]]
    vectors.purge_tenant("nobody")


def test_a_vector_of_another_embedder_is_refused(vectors: Vectors) -> None:
    vectors.upsert(ONE, [vector("x", 1)])
    odd = Vector(place=vector("y", 1).place, values=np.ones(DIM + 1, dtype=np.float32))
    with pytest.raises(BadVector, match="one embedder"):
        vectors.upsert(ONE, [vector("z", 1), odd])
    assert vectors.count(ONE) == 1


@pytest.mark.parametrize("name", ["a", "a b#7", "sf:Case/5#1", "ü%"])
def test_ids_lead_back(name: str) -> None:
    assert place_of(vector(name, 1, chunk=12).place.id) == (name, 12)


def test_an_erased_vector_is_in_no_file_and_in_no_matrix(tmp_path: Path) -> None:
    store = SqliteVectors(tmp_path)
    one = vector("secret", 0.123, 0.456, 0.789)
    store.upsert(ONE, [one, vector("kept", 1)])
    assert found(store) == ["kept#0", "secret#0"]
    needles = (one.values.tobytes(), b"secret")
    assert all(_holds(tmp_path, needle) for needle in needles)
    matrix = store._files["t"]._matrices["e/1"]
    assert np.any(np.all(matrix._rows == one.values, axis=1))
    store.delete_artifact(ONE, "secret")
    assert not any(_holds(tmp_path, needle) for needle in needles)
    assert not np.any(np.all(matrix._rows == one.values, axis=1))
    assert _holds(tmp_path, b"kept")
    store.close()


def _holds(folder: Path, needle: bytes) -> bool:
    return any(needle in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_reader_sees_what_another_process_wrote(tmp_path: Path) -> None:
    writer, reader = SqliteVectors(tmp_path), SqliteVectors(tmp_path)
    writer.upsert(ONE, [vector("x", 1)])
    assert found(reader) == ["x#0"]
    writer.upsert(ONE, [vector("y", 1)])
    writer.delete_artifact(ONE, "x")
    assert found(reader) == ["y#0"]
    writer.close()
    reader.close()


def test_pinecone_shows_writes_late(start: Start) -> None:
    url = start("--lag")
    vectors = PineconeVectors(url, "standin", DIM)
    vectors.upsert(ONE, [vector("x", 1)])
    assert found(vectors) == []
    httpx.post(f"{url}/__standin__/settle").raise_for_status()
    assert found(vectors) == ["x#0"]
    vectors.close()


def test_pinecone_tells_what_heals_by_waiting(start: Start) -> None:
    url = start()
    vectors = PineconeVectors(url, "standin", DIM, timeout_s=2)
    httpx.post(f"{url}/__standin__/fail", json={"statuses": [503] * 20}).raise_for_status()
    with pytest.raises(Retry):
        vectors.upsert(ONE, [vector("x", 1)])
    vectors.close()
    with pytest.raises(PineconeRefused, match="look at the key"):
        PineconeVectors(url, "another key", DIM).count(ONE)
    with pytest.raises(Retry):
        PineconeVectors("http://127.0.0.1:9", "standin", DIM, timeout_s=1).count(ONE)
