"""Tiles lie where C2SP tlog-tiles puts them, and hold what they are given; every other form is refused."""

import pytest

from revloop.proof.errors import BadTile, EntryTooLarge
from revloop.proof.tiles import (
    ENTRIES,
    TileName,
    entries_path,
    index_path,
    pack,
    parse_path,
    split_hashes,
    tile_path,
    unpack,
)

INDEXES = [(0, "000"), (999, "999"), (1000, "x001/000"), (1234, "x001/234"), (1_234_067, "x001/x234/067")]


@pytest.mark.parametrize(("index", "path"), INDEXES)
def test_paths(index: int, path: str) -> None:
    assert index_path(index) == path
    assert tile_path(1, index, 3) == f"tile/1/{path}.p/3"
    assert entries_path(index) == f"tile/entries/{path}"
    for name in (TileName(0, index), TileName(63, index, 255), TileName(ENTRIES, index, 1)):
        assert parse_path(name.path) == name


@pytest.mark.parametrize(
    "path",
    [
        "checkpoint",
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/0/x000/001",
        "tile/0/001/001",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p",
        "tile/entries/000/",
        "tile/entry/000",
        "/tile/0/000",
        "tile/0/٠٠٠",
    ],
)
def test_other_paths_are_no_tiles(path: str) -> None:
    assert parse_path(path) is None


@pytest.mark.parametrize(
    ("name", "width"),
    [
        (TileName(0, 272), 256),
        (TileName(0, 273), 112),
        (TileName(0, 274), 0),
        (TileName(1, 0), 256),
        (TileName(1, 1), 17),
        (TileName(2, 0), 1),
        (TileName(3, 0), 0),
        (TileName(ENTRIES, 273), 112),
    ],
)
def test_widths_of_the_specification(name: TileName, width: int) -> None:
    """The example of tlog-tiles: a tree of 70,000."""
    assert name.width_at(70_000) == width


def test_bundles_hold_what_they_are_given() -> None:
    assert pack([b"ab", b""]) == b"\x00\x02ab\x00\x00"
    entries = [b"", b"x", b"y" * 65_535]
    assert unpack(pack(entries)) == entries


def test_an_entry_of_64_kib_is_refused() -> None:
    with pytest.raises(EntryTooLarge, match=r"65536 bytes does not fit, at most 65535.*log its hash"):
        pack([b"z" * 65_536])


@pytest.mark.parametrize(("bundle", "entry"), [(b"\x00", 0), (b"\x00\x02a", 0), (b"\x00\x01a\x00", 1)])
def test_a_cut_bundle_is_refused(bundle: bytes, entry: int) -> None:
    with pytest.raises(BadTile, match=f"ends inside its entry {entry}"):
        unpack(bundle)


def test_tiles_hold_whole_hashes() -> None:
    assert split_hashes(b"a" * 32 + b"b" * 32) == [b"a" * 32, b"b" * 32]
    with pytest.raises(BadTile, match="33 bytes"):
        split_hashes(bytes(33))
