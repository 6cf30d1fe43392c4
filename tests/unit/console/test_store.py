"""What is packed comes out as it went in, and a file of an earlier release is read as it is."""

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

from services.console.store import Fact, ReadModel, Rows

BODY = b"\xc3\x01" + b"the same again and again " * 400


def fact(number: int, body: bytes) -> Fact:
    return Fact(
        tenant="t", event_id=f"e{number}", kind="k", account="a", ref=f"r{number}", decision="d", at=number, body=body
    )


def test_every_reader_gives_what_was_written(tmp_path: Path) -> None:
    model = ReadModel(tmp_path / "model.sqlite")
    bodies = [BODY, b"", b"\xc3\x01", BODY + b"2"]
    model.apply(Rows(facts=[fact(number, body) for number, body in enumerate(bodies)], bodies=[("t", "d", BODY)]))
    assert [model.about("t", "k", f"r{number}")[0] for number in range(4)] == bodies
    assert model.of_decision("t", "d", "k") == bodies
    assert list(model.every("t", "k")) == bodies
    assert list(model.between("t", "a", "k", -1, 9)) == bodies
    assert model.of_account("t", "a", ("k",), 10) == bodies[::-1]
    assert [model.as_of("t", "a", "k", at) for at in range(4)] == bodies
    assert model.body("t", "d") == BODY


def test_repeated_states_take_a_fraction(tmp_path: Path) -> None:
    model = ReadModel(tmp_path / "model.sqlite")
    model.apply(Rows(facts=[fact(1, BODY)]))
    with closing(sqlite3.connect(tmp_path / "model.sqlite")) as file:
        ((size,),) = file.execute("SELECT length(body) FROM history")
    assert size < len(BODY) / 10


def test_a_file_of_an_earlier_release_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.sqlite"
    ReadModel(path).close()
    old = sqlite3.connect(path)
    old.execute("INSERT INTO history VALUES ('t', 'e', 'k', 'a', 'r', 'd', 1, 0, ?)", (BODY,))
    old.execute("INSERT INTO bodies VALUES ('t', 'd', ?)", (zlib.compress(BODY, 1),))
    old.commit()
    old.close()
    model = ReadModel(path)
    assert model.about("t", "k", "r") == [BODY]
    assert model.body("t", "d") == BODY
