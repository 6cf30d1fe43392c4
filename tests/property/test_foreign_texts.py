"""A tenant's text is never returned to another, on any path: each probe asks as one tenant for words of another."""

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from revloop.memory.artifact import Hit
from revloop.memory.store import Memory
from revloop.stores.embeddings import HashedEmbedder
from revloop.stores.minilm import MiniLm
from revloop.stores.vectors import Namespace, Place, Vector, Vectors
from revloop.stores.vectors_pinecone import PineconeVectors
from revloop.stores.vectors_sqlite import SqliteVectors
from tests.loops import ROOT
from tests.unit.console.desk import Console
from tests.unit.memory.desk import holding, note

TENANTS = ("acme", "acme#", "Acme", "acme/..", "..", "%61cme", "other")
"""Among them such as a careless key would take for one another."""
ACCOUNTS = ("a", "b")
KINDS = ("note", "support_case")
SHARED = "The pumps of the plant are worn out and nobody answers the phone."
"""Every tenant has this sentence, with a word of its own behind it."""


@pytest.fixture(scope="module")
def pinecone() -> Iterator[str]:
    command = [sys.executable, "-m", "standins.pinecone", "--dim", "384"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield str(json.loads(process.stdout.readline())["base_url"])
    process.terminate()
    process.communicate(timeout=20)


@pytest.fixture(params=["sqlite", "pinecone"])
def vectors(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vectors]:
    if request.param == "sqlite":
        made: SqliteVectors | PineconeVectors = SqliteVectors(tmp_path / "vectors")
    else:
        made = PineconeVectors(request.getfixturevalue("pinecone"), "standin", 384)
    yield made
    for tenant in TENANTS:
        made.purge_tenant(tenant)
    made.close()


def secret(tenant: str) -> str:
    """A word that only this tenant's texts have."""
    return f"zq{TENANTS.index(tenant)}x"


def filled(memory: Memory) -> Memory:
    """The same names, accounts and kinds for every tenant; only the words tell them apart."""
    for tenant in TENANTS:
        notes = [
            note(f"n{number}", f"{SHARED} {secret(tenant)} {number}", account=account, kind=kind)
            for number, (account, kind) in enumerate(product(ACCOUNTS, KINDS))
        ]
        assert memory.remember(tenant, notes).waiting == 0
    return memory


def foreign(tenant: str, hits: tuple[Hit, ...]) -> list[str]:
    """Passages that are not the tenant's."""
    return [hit.passage for hit in hits if secret(tenant) not in hit.passage]


def probe(memory: Memory) -> tuple[int, int]:
    """Asks as each tenant for the words of each, with every filter; gives probes and own passages found."""
    probes = own = 0
    filters = list(product((None, *ACCOUNTS), (None, [KINDS[0]], list(KINDS))))
    for tenant, asked_for, (account, kinds) in product(TENANTS, TENANTS, filters):
        for query in (secret(asked_for), SHARED, f"{SHARED} {secret(asked_for)}", asked_for):
            hits = memory.search(tenant, query, account, kinds, 50).hits
            assert foreign(tenant, hits) == []
            probes += 1
            own += len(hits)
    return probes, own


def test_search_never_returns_a_foreign_text(tmp_path: Path, vectors: Vectors, capsys: pytest.CaptureFixture) -> None:
    memory = filled(Memory(tmp_path / "texts", HashedEmbedder(), vectors))
    probes, own = probe(memory)
    with capsys.disabled():
        print(f"\n{probes:,} probes of search over {type(vectors).__name__}: 0 foreign texts, {own:,} own")
    assert probes == 7 * 7 * 9 * 4
    assert own > probes
    memory.close()


def test_a_store_of_vectors_that_answers_with_foreign_chunks_gets_no_text_out(tmp_path: Path, vectors: Vectors) -> None:
    """Whatever the vectors say: passages are read from the tenant's own folder, by names that are its own."""
    memory = filled(Memory(tmp_path / "texts", HashedEmbedder(), vectors))
    memory.remember("other", [note("only-here", f"{SHARED} {secret('other')} once more")])
    embedder = HashedEmbedder()
    row = embedder.embed([SHARED])[0]
    place = Place(artifact_id="only-here", chunk=0, account_id="a", kind="note", at=1, sha256="")
    vectors.upsert(Namespace("acme", embedder.id), [Vector(place=place, values=row)])
    near = vectors.query(Namespace("acme", embedder.id), row, 50)
    assert "only-here" in [one.place.artifact_id for one in near]  # the store does answer so
    hits = memory.search("acme", SHARED, limit=50).hits
    assert (foreign("acme", hits), len(hits)) == ([], 4)
    memory.close()


def test_erasing_one_tenant_leaves_the_others_and_nothing_of_it(tmp_path: Path, vectors: Vectors) -> None:
    memory = filled(Memory(tmp_path / "texts", HashedEmbedder(), vectors))
    memory.purge_tenant("acme")
    assert memory.search("acme", SHARED, limit=50).hits == ()
    assert holding(tmp_path, secret("acme")) == []
    for tenant in TENANTS[1:]:
        assert len(memory.search(tenant, SHARED, limit=50).hits) == 4
    memory.close()


def test_the_api_answers_of_the_callers_own_tenant(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    memory = Memory(tmp_path / "texts", MiniLm(), SqliteVectors(tmp_path / "vectors"))
    tenants = ("t", "other")
    console = Console(tmp_path, tenants, memory)
    words = {"t": "heron", "other": "walrus"}
    for tenant, word in words.items():
        memory.remember(tenant, [note("n", f"{SHARED} {word}"), note("m", f"A {word} again.", account="b")])
    probes = 0
    for tenant, asked_for in product(tenants, tenants):
        tries = [{"q": words[asked_for]}, {"q": SHARED}, {"q": SHARED, "account": "b"}, {"q": SHARED, "kind": "note"}]
        tries += [{"q": words[asked_for], "tenant_": asked_for, "tenant_id": asked_for, "limit": "50"}]
        for query in tries:
            answer = console.get("/v1/memory/search", tenant=tenant, **query)
            assert answer.status_code == 200
            passages = [hit["passage"] for hit in answer.json()["hits"]]
            assert passages
            assert all(words[tenant] in passage for passage in passages)
            probes += 1
    with capsys.disabled():
        print(f"\n{probes} probes of the API: 0 foreign texts")
    assert console.get("/v1/memory/search", q="").status_code == 422
    assert console.get("/v1/memory/search", q="x", limit="51").status_code == 422
    memory.close()
