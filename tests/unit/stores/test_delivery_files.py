"""Delivery files are merged by (at, folder, seq) as they are read, and a bad one is named by its place."""

import gzip
import json
import tracemalloc
from itertools import islice
from pathlib import Path

import pytest

from revloop.stores.delivery_files import FILE, BadDeliveryFile, read


def line(at: str, seq: int, **other: object) -> dict[str, object]:
    sound = {"tenant": "t", "connector": "jira", "mode": "webhook", "resource": "issue", "body": {}}
    return {"seq": seq, "at": at, **sound, **other}


def folder(at: Path, *lines: dict[str, object] | bytes) -> Path:
    at.mkdir(parents=True)
    texts = [found if isinstance(found, bytes) else json.dumps(found).encode() for found in lines]
    (at / FILE).write_bytes(gzip.compress(b"\n".join(texts) + b"\n"))
    return at


def places(*folders: Path) -> list[tuple[int, int, int]]:
    return [(filed.at, filed.folder, filed.line.seq) for filed in read(folders)]


def test_folders_are_merged_by_time_folder_and_number(tmp_path: Path) -> None:
    one = folder(tmp_path / "1", line("1970-01-01T00:00:01Z", 1), line("1970-01-01T00:00:03Z", 2))
    two = folder(
        tmp_path / "2",
        line("1970-01-01T00:00:01Z", 1),
        line("1970-01-01T00:00:01Z", 2),
        line("1970-01-01T00:00:02Z", 3),
    )
    assert places(one, two) == [(1000, 0, 1), (1000, 1, 1), (1000, 1, 2), (2000, 1, 3), (3000, 0, 2)]
    assert places(two, one)[0] == (1000, 0, 1)
    assert places(two, one)[2] == (1000, 1, 1)


def test_a_file_can_be_named_itself(tmp_path: Path) -> None:
    one = folder(tmp_path / "1", line("1970-01-01", 1))
    assert places(one / FILE) == places(one)


def test_body_and_request_keep_their_bytes(tmp_path: Path) -> None:
    text = b'{"seq": 1, "at": "1970-01-01", "tenant": "t", "connector": "c", "mode": "poll", "resource": "r",'
    text += b' "status": 200, "request": {"b" : 1,"a":2}, "body": {"z":1.50, "a" :"\xc3\xa9\\u00e9"}}'
    [filed] = read([folder(tmp_path / "1", text)])
    assert bytes(filed.line.body) == b'{"z":1.50, "a" :"\xc3\xa9\\u00e9"}'
    assert bytes(filed.line.request) == b'{"b" : 1,"a":2}'


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b"{", "line 2"),
        (b"", "line 2"),
        (b'{"seq": 2}', "line 2"),
        (b'{"seq": 2, "body": ' + b"[" * 100_000, "line 2"),
        (json.dumps(line("soon", 2)).encode(), "line 2"),
        (json.dumps(line("1970-01-01", 1)).encode(), "sorted"),
        (json.dumps(line("1970-01-02", 0)).encode(), "sorted"),
        (json.dumps(line("1969-01-01", 2)).encode(), "sorted"),
        (json.dumps(line("1970-01-02", -1)).encode(), "line 2"),
        (json.dumps(line("1970-01-02", 2**63)).encode(), "line 2"),
        (json.dumps(line("1970-01-02", 2, mode="outcome")).encode(), "outcome"),
        (
            b'{"seq":2,"at":"1970-01-02","tenant":"t","connector":"c","mode":"poll","resource":"r","body":"\xff"}',
            "line 2",
        ),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, bad: bytes, said: str) -> None:
    one = folder(tmp_path / "1", line("1970-01-02", 1), bad)
    with pytest.raises(BadDeliveryFile) as refused:
        places(one)
    assert str(one) in str(refused.value)
    assert said in str(refused.value)


@pytest.mark.parametrize("cut", [1, 5, 30, -1, -9])
def test_a_file_that_ends_too_early_is_named(tmp_path: Path, cut: int) -> None:
    one = folder(tmp_path / "1", *(line("1970-01-02", n) for n in range(100)))
    whole = (one / FILE).read_bytes()
    (one / FILE).write_bytes(whole[:cut])
    with pytest.raises(BadDeliveryFile, match="fetch the file again"):
        places(one)


def test_a_file_that_is_no_gzip_or_is_not_there_is_named(tmp_path: Path) -> None:
    one = folder(tmp_path / "1")
    (one / FILE).write_bytes(b'{"seq": 1}\n')
    with pytest.raises(BadDeliveryFile, match="after line 0"):
        places(one)
    with pytest.raises(BadDeliveryFile, match="does not exist"):
        places(tmp_path / "2")


def test_damage_inside_is_named(tmp_path: Path) -> None:
    one = folder(tmp_path / "1", *(line("1970-01-02", n, body={"n": n * 7919}) for n in range(2000)))
    whole = bytearray((one / FILE).read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    (one / FILE).write_bytes(whole)
    with pytest.raises(BadDeliveryFile):
        places(one)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    body = {"text": "x" * 2000}
    one = folder(tmp_path / "1", *(line("1970-01-02", n, body=body) for n in range(5000)))
    filed = read([one])
    next(filed)
    tracemalloc.start()
    count = sum(1 for _ in islice(filed, 4000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 4000
    assert peak < 1_000_000, "10 MB of lines were read"
