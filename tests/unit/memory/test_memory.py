"""Texts are found by words and by meaning, survive outages, and are gone when erased."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from revloop.contracts.failures import Retry
from revloop.stores.minilm import MiniLm
from revloop.stores.vectors import Namespace
from revloop.stores.vectors_pinecone import PineconeVectors
from revloop.stores.vectors_sqlite import SqliteVectors
from tests.unit.memory.desk import holding, ids, memory, note

PRICE = note("price", "The yearly fee is more than we can pay; another supplier asks for half of it.")
PUMP = note("pump", "The sewage pumps are worn out and must be replaced.", account="b", kind="support_case")
LOGIN = note("login", "Nobody at the site can sign in since Monday.", kind="support_case")


def test_words_find_and_tell_where_they_stood(tmp_path: Path) -> None:
    one = memory(tmp_path)
    assert one.remember("t", [PRICE, PUMP, LOGIN]).waiting == 0
    best = one.search("t", "worn pumps").hits[0]
    assert (best.artifact_id, best.account_id, best.kind) == ("pump", "b", "support_case")
    assert (best.passage, best.snapshot_id) == (PUMP.text, PUMP.snapshot_id)
    assert best.by_words == 1
    assert ids(one.search("t", "worn pumps", limit=1).hits) == ["pump"]
    one.close()


def test_meaning_finds_what_shares_no_word(tmp_path: Path) -> None:
    one = memory(tmp_path, MiniLm())
    one.remember("t", [PRICE, PUMP, LOGIN])
    best = one.search("t", "too expensive").hits[0]
    assert (best.artifact_id, best.by_meaning, best.by_words) == ("price", 1, None)
    assert one.search("t", "cannot authenticate").hits[0].artifact_id == "login"
    one.close()


def test_accounts_and_kinds_narrow_both_ways_of_asking(tmp_path: Path) -> None:
    one = memory(tmp_path)
    one.remember("t", [PRICE, PUMP, LOGIN])
    question = "sewage pumps fee supplier sign in Monday"
    assert set(ids(one.search("t", question).hits)) == {"price", "pump", "login"}
    assert ids(one.search("t", question, account="b").hits) == ["pump"]
    assert set(ids(one.search("t", question, kinds=["support_case"]).hits)) == {"pump", "login"}
    assert ids(one.search("t", question, account="a", kinds=["support_case"]).hits) == ["login"]
    one.close()


@pytest.mark.parametrize("query", ['"', "a AND (", "NEAR(x y)", "text: *", "", "  ", "-pumps OR", "日本", "'; DROP"])
def test_a_question_is_words_and_never_a_language(tmp_path: Path, query: str) -> None:
    one = memory(tmp_path)
    one.remember("t", [PUMP])
    one.search("t", query)
    assert ids(one.search("t", f"{query} pumps").hits) == ["pump"]
    one.close()


def test_the_newest_text_stands_in_any_order(tmp_path: Path) -> None:
    one = memory(tmp_path)
    new = note("x", "The visit moved to Lisbon.", at=2)
    old = note("x", "The visit is in Oslo. " * 60, at=1)
    for artifacts in ([old, new], [new, old], [new, new]):
        one.remember("t", artifacts)
        assert [hit.passage for hit in one.search("t", "visit in Oslo or Lisbon").hits] == [new.text]
    assert holding(tmp_path / "texts", "Oslo") == []
    one.close()


def test_a_text_that_moves_is_found_at_its_new_account_alone(tmp_path: Path) -> None:
    one = memory(tmp_path)
    one.remember("t", [note("x", PUMP.text, account="a", at=1)])
    one.remember("t", [note("x", PUMP.text, account="b", at=2)])
    assert ids(one.search("t", "pumps", account="a").hits) == []
    assert ids(one.search("t", "pumps", account="b").hits) == ["x"]
    one.close()


def test_an_outage_of_the_vectors_holds_nobody_and_loses_nothing(tmp_path: Path) -> None:
    vectors = SqliteVectors(tmp_path / "vectors", wait_s=0.01)
    one = memory(tmp_path, vectors=vectors)
    one.remember("t", [LOGIN])
    (file,) = (tmp_path / "vectors").rglob("*.sqlite")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # somebody holds the file
        kept = one.remember("t", [PRICE, PUMP])
        assert (kept.waiting, "cannot be used now" in kept.because) == (2, True)
        pump = next(hit for hit in one.search("t", "worn pumps").hits if hit.artifact_id == "pump")
        assert (pump.by_words, pump.by_meaning) == (1, None)
        with pytest.raises(Retry):
            one.erase_account("t", "a")
        assert ids(one.search("t", "yearly fee", account="a").hits) == []
    assert one.catch_up("t").waiting == 0
    assert one.search("t", "worn pumps").hits[0].by_meaning == 1
    assert vectors.count(Namespace("t", one._embedder.id)) == 1
    for needle in (PRICE.text, LOGIN.text, "price", "login"):
        assert holding(tmp_path, needle) == []
    one.close()


def test_words_answer_while_vectors_do_not(tmp_path: Path) -> None:
    out = memory(tmp_path, vectors=PineconeVectors("http://127.0.0.1:9", "key", 384, timeout_s=1))
    out.keep("t", [PRICE, PUMP])
    found = out.search("t", "worn pumps")
    assert ids(found.hits) == ["pump"]
    assert "Pinecone at http://127.0.0.1:9 cannot answer now" in found.degraded
    out.close()


SECRETS = ("Zarquon", "Blenheim", "quintessential")


@pytest.mark.parametrize("how", ["artifact", "account", "tenant"])
def test_what_is_erased_is_in_no_file_and_no_memory(tmp_path: Path, how: str) -> None:
    vectors = SqliteVectors(tmp_path / "vectors")
    one = memory(tmp_path, vectors=vectors)
    secret = note("s1", f"{' '.join(SECRETS)} knows about the merger.", account="gone")
    fillers = [note(f"n{n}", f"Ordinary note {n} about pumps.", account=f"acc{n % 3}") for n in range(40)]
    for artifact in (*fillers, secret, note("late", "One more on pumps.", account="acc1")):
        one.remember("t", [artifact])
    one.remember("u", [note("s2", "A note of another tenant.")])
    space = Namespace("t", one._embedder.id)
    numbers = one._embedder.embed([secret.text])[0]
    assert len(ids(one.search("t", SECRETS[0]).hits)) > 0
    for needle in (secret.text, SECRETS[0].lower(), secret.title, numbers.tobytes()):
        assert holding(tmp_path, needle), needle
    assert _in_cache(vectors, numbers)
    match how:
        case "artifact":
            assert one.erase_artifact("t", "s1") == 1
        case "account":
            assert one.erase_account("t", "gone") == 1
        case _:
            one.purge_tenant("t")
    needles = (secret.text, secret.title, secret.snapshot_id, numbers.tobytes(), *SECRETS, *map(str.lower, SECRETS))
    for needle in needles:
        assert holding(tmp_path, needle) == [], needle
    assert not _in_cache(vectors, numbers)
    left = [] if how == "tenant" else ["late"]
    assert ids(one.search("t", "One more on pumps", account="acc1").hits)[:1] == left
    assert vectors.count(space) == (0 if how == "tenant" else 41)
    assert ids(one.search("u", "another tenant").hits) == ["s2"]
    one.close()


def _in_cache(vectors: SqliteVectors, numbers: np.ndarray) -> bool:
    matrices = [matrix for file in vectors._files.values() for matrix in file._matrices.values()]
    return any(bool(np.any(np.all(matrix._rows == numbers, axis=1))) for matrix in matrices)


def test_a_text_that_two_share_goes_with_the_last(tmp_path: Path) -> None:
    one = memory(tmp_path)
    one.remember("t", [note("x", "The very same words."), note("y", "The very same words.", account="b")])
    one.erase_artifact("t", "x")
    assert [hit.passage for hit in one.search("t", "same words").hits] == ["The very same words."]
    one.erase_account("t", "b")
    assert holding(tmp_path, "The very same words.") == []
    one.close()


def test_a_question_too_deep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="1 to 50"):
        memory(tmp_path).search("t", "x", limit=51)
