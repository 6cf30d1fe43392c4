"""C2SP tlog-tiles: names and bytes of tiles and entry bundles; whatever is not in the one canonical form is refused."""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from revloop.proof.errors import BadTile, EntryTooLarge
from revloop.proof.hashes import HASH_BYTES

HEIGHT = 8
"""Levels of the tree that one level of tiles spans."""
WIDTH = 1 << HEIGHT
"""Hashes in a full tile, and entries in a full bundle."""
MAX_LEVEL = 63
MAX_ENTRY_BYTES = 65_535
ENTRIES = -1
"""In place of a level: the bundles of entries, which lie below the tiles of level 0."""

_NAME = re.compile(r"tile/(entries|\d{1,2})/((?:x\d{3}/)*\d{3})(?:\.p/(\d{1,3}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class TileName:
    """One tile of hashes, or one bundle of entries (level ENTRIES), with the number of what it holds."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it lies below the log's folder or URL."""
        level = "entries" if self.level == ENTRIES else self.level
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{index_path(self.index)}{partial}"

    def width_at(self, size: int) -> int:
        """How many hashes or entries a log of ``size`` entries has at this place, 0 to 256."""
        return min(WIDTH, max(0, count_at(self.level, size) - self.index * WIDTH))


def count_at(level: int, size: int) -> int:
    """Number of hashes (or entries) that a log of ``size`` entries has at a level of tiles."""
    return size >> (HEIGHT * max(level, 0))


def index_path(index: int) -> str:
    """``1234567`` becomes ``x001/x234/567``."""
    text = f"{index % 1000:03d}"
    while index := index // 1000:
        text = f"x{index % 1000:03d}/{text}"
    return text


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """Path of a tile of hashes; a partial one names its width."""
    return TileName(level, index, width).path


def entries_path(index: int, width: int = WIDTH) -> str:
    """Path of an entry bundle; a partial one names its width."""
    return TileName(ENTRIES, index, width).path


def parse_path(path: str) -> TileName | None:
    """The tile that lies at ``path``; None for a path that no tile has."""
    found = _NAME.fullmatch(path)
    if found is None:
        return None
    level, index, width = found.groups()
    name = TileName(
        ENTRIES if level == "entries" else int(level),
        int(index.replace("x", "").replace("/", "")),
        WIDTH if width is None else int(width),
    )
    return name if name.path == path and name.level <= MAX_LEVEL and 0 < name.width <= WIDTH else None


def check_entry(entry: bytes) -> None:
    """Raises EntryTooLarge for an entry that a bundle cannot hold."""
    if len(entry) > MAX_ENTRY_BYTES:
        raise EntryTooLarge(
            f"an entry of {len(entry)} bytes does not fit, at most {MAX_ENTRY_BYTES} do:"
            " store the payload elsewhere and log its hash"
        )


def pack(entries: Sequence[bytes]) -> bytes:
    """An entry bundle: each entry behind its length in 16 bits, big-endian; raises EntryTooLarge."""
    parts: list[bytes] = []
    for entry in entries:
        check_entry(entry)
        parts += (struct.pack(">H", len(entry)), entry)
    return b"".join(parts)


def unpack(bundle: bytes) -> list[bytes]:
    """The entries of a bundle; raises BadTile for one that is cut short."""
    entries: list[bytes] = []
    at = 0
    while at < len(bundle):
        start = at + 2
        at = start + int.from_bytes(bundle[at:start], "big")
        if start > len(bundle) or at > len(bundle):
            raise BadTile(f"the bundle ends inside its entry {len(entries)}: restore it from a copy")
        entries.append(bundle[start:at])
    return entries


def split_hashes(tile: bytes) -> list[bytes]:
    """The hashes of a tile; raises BadTile when its length is no multiple of 32 bytes."""
    if len(tile) % HASH_BYTES:
        raise BadTile(f"a tile of {len(tile)} bytes holds no whole number of hashes: restore it from a copy")
    return [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]
