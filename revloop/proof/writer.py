"""Appends entries to a log in a folder and publishes signed checkpoints; no crash loses a published entry."""

import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from revloop.proof.hashes import HASH_BYTES, leaf_hash, node_hash
from revloop.proof.notes import checkpoint_text, parse_checkpoint, sign
from revloop.proof.tiles import HEIGHT, WIDTH, entries_path, pack, tile_path, unpack
from revloop.proof.tree import Tree

CHECKPOINT = "checkpoint"


class Contradiction(Exception):
    """What is to be written differs from what a published checkpoint covers: the log is left as it is."""


class LogWriter:
    """One log of one origin; one writer at a time. Memory does not grow with the log."""

    def __init__(self, directory: Path, origin: str, key: Ed25519PrivateKey) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._origin = origin
        self._key = key
        self.size = self._published_size()

    def append(self, entries: Sequence[bytes]) -> bytes:
        """Add ``entries`` after the published ones and publish; gives the new checkpoint.

        Tiles are written before the checkpoint that covers them: after a crash the same entries are written again.
        """
        start = self.size
        if entries:
            self._write_bundles(start, entries)
            self._write_hashes(start, [leaf_hash(entry) for entry in entries])
        return self._publish(start + len(entries))

    def tree(self) -> Tree:
        """The published tree."""
        return Tree(self.size, self._read_tile)

    def checkpoint(self) -> bytes:
        """The published checkpoint."""
        return (self._directory / CHECKPOINT).read_bytes()

    def entry(self, index: int) -> bytes:
        """A published entry."""
        if not 0 <= index < self.size:
            raise IndexError(f"entry {index} is not in a log of {self.size}")
        return self._bundle(index // WIDTH, self.size)[index % WIDTH]

    # --- writing

    def _published_size(self) -> int:
        path = self._directory / CHECKPOINT
        if not path.exists():
            return 0
        origin, size, _ = parse_checkpoint(path.read_bytes())
        if origin != self._origin:
            raise Contradiction(f"{self._directory} holds the log of {origin!r}, not of {self._origin!r}")
        return size

    def _publish(self, size: int) -> bytes:
        tree = Tree(size, self._read_tile)
        note = sign(checkpoint_text(self._origin, size, tree.root()), self._origin, self._key)
        self._write(CHECKPOINT, note)
        self.size = size
        return note

    def _write_bundles(self, start: int, entries: Sequence[bytes]) -> None:
        first = start // WIDTH
        pending = [*self._bundle(first, start)[: start % WIDTH], *entries]
        for number in range(0, len(pending), WIDTH):
            chunk = pending[number : number + WIDTH]
            self._write_tile(entries_path(first + number // WIDTH, len(chunk)), pack(chunk), full=len(chunk) == WIDTH)

    def _bundle(self, index: int, size: int) -> list[bytes]:
        width = min(WIDTH, size - index * WIDTH)
        return unpack(self._read(entries_path(index, width))) if width > 0 else []

    def _write_hashes(self, start: int, hashes: list[bytes]) -> None:
        level = 0
        while hashes:
            first = start // WIDTH
            before = self._read_tile(level, first, start % WIDTH) if start % WIDTH else b""
            data = before + b"".join(hashes)
            above: list[bytes] = []
            for number in range(0, len(data), WIDTH * HASH_BYTES):
                chunk = data[number : number + WIDTH * HASH_BYTES]
                width = len(chunk) // HASH_BYTES
                self._write_tile(
                    tile_path(level, first + number // (WIDTH * HASH_BYTES), width), chunk, full=width == WIDTH
                )
                if width == WIDTH:
                    above.append(_tile_root(chunk))
            start, hashes, level = first, above, level + 1

    def _write_tile(self, path: str, data: bytes, *, full: bool) -> None:
        """A full tile is written once: other bytes in its place would contradict what was published."""
        target = self._directory / path
        if full and target.exists() and self._covers(path) and target.read_bytes() != data:
            raise Contradiction(f"{path} is published with other bytes: the log is left as it is")
        self._write(path, data)

    def _covers(self, path: str) -> bool:
        """Whether the published tree contains the full tile at ``path``."""
        _, kind, *rest = path.split("/")
        index = int("".join(part.removeprefix("x") for part in rest))
        span = WIDTH if kind == "entries" else WIDTH << (HEIGHT * int(kind))
        return (index + 1) * span <= self.size

    def _read_tile(self, level: int, index: int, width: int) -> bytes:
        return self._read(tile_path(level, index, width))

    def _read(self, path: str) -> bytes:
        return (self._directory / path).read_bytes()

    def _write(self, path: str, data: bytes) -> None:
        target = self._directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(target.name + ".new")
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)


def _tile_root(tile: bytes) -> bytes:
    hashes = [tile[n : n + HASH_BYTES] for n in range(0, len(tile), HASH_BYTES)]
    while len(hashes) > 1:
        hashes = [node_hash(hashes[n], hashes[n + 1]) for n in range(0, len(hashes), 2)]
    return hashes[0]
