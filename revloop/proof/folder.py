"""The folder of a log comes in; its checkpoint, tiles, entries and proofs go out. It checks no signature."""

import os
from collections.abc import Iterator
from pathlib import Path

from revloop.proof.errors import BadTile, Damaged
from revloop.proof.hashes import HASH_BYTES, leaf_hash
from revloop.proof.inclusion import root_of_path
from revloop.proof.notes import parse_checkpoint, parse_note
from revloop.proof.tiles import ENTRIES, WIDTH, TileName, parse_path, unpack
from revloop.proof.tlog_proof import TlogProof
from revloop.proof.tree import Tree

CHECKPOINT = "checkpoint"


def read_tile(directory: Path, level: int, index: int, width: int) -> bytes:
    """The first ``width`` hashes of a tile: of the partial one, or of the full one that replaced it; raises OSError."""
    partial = TileName(level, index, width).path
    try:
        return (directory / partial).read_bytes()
    except FileNotFoundError:
        if width == WIDTH:
            raise
        return (directory / TileName(level, index).path).read_bytes()[: width * HASH_BYTES]


def read_bundle(directory: Path, index: int, width: int) -> list[bytes]:
    """The first ``width`` entries of a bundle, as ``read_tile``; raises OSError or BadTile."""
    name = TileName(ENTRIES, index, width)
    try:
        entries = unpack((directory / name.path).read_bytes())
    except FileNotFoundError:
        if width == WIDTH:
            raise
        entries = unpack((directory / TileName(ENTRIES, index).path).read_bytes())[:width]
    if len(entries) != width:
        raise BadTile(f"{name.path} holds {len(entries)} entries, not {width}: restore it from a copy")
    return entries


def tiles_in(directory: Path) -> Iterator[TileName]:
    """Every tile and bundle that lies in a log's folder, in no order."""
    for folder, _, files in os.walk(directory / "tile"):
        below = Path(folder).relative_to(directory).as_posix()
        for file in files:
            if name := parse_path(f"{below}/{file}"):
                yield name


class LogReader:
    """A log as of one checkpoint: a writer that goes on meanwhile changes nothing in it."""

    def __init__(self, directory: Path) -> None:
        """Read the checkpoint; raises Damaged or BadNote."""
        self._directory = directory
        try:
            self.note = (directory / CHECKPOINT).read_bytes()
        except FileNotFoundError as error:
            raise Damaged(f"{directory} has no checkpoint: nothing was published there yet") from error
        self.checkpoint = parse_checkpoint(parse_note(self.note).text)
        self.tree = Tree(self.checkpoint.size, self._tile)

    def entry(self, index: int) -> bytes:
        """The entry at ``index``; raises IndexError."""
        size = self.checkpoint.size
        if not 0 <= index < size:
            raise IndexError(f"entry {index} is not in a log of {size}")
        name = TileName(ENTRIES, index // WIDTH)
        return read_bundle(self._directory, name.index, name.width_at(size))[index % WIDTH]

    def prove(self, index: int, extra: bytes = b"") -> TlogProof:
        """The proof that the entry at ``index`` is in the log; raises IndexError or Damaged."""
        path = self.tree.inclusion(index)
        if root_of_path(leaf_hash(self.entry(index)), index, self.checkpoint.size, path) != self.checkpoint.root:
            raise Damaged(f"entry {index} of {self._directory} has no proof: run the verifier, it names the bad file")
        return TlogProof(index, tuple(path), self.note, extra)

    def _tile(self, level: int, index: int, width: int) -> bytes:
        return read_tile(self._directory, level, index, width)
