"""C2SP tlog-tiles: where tiles and entry bundles lie, and how entries are packed into a bundle."""

import struct
from collections.abc import Sequence

WIDTH = 256
"""Hashes in a full tile, and entries in a full bundle."""
HEIGHT = 8
"""Levels of the tree that one level of tiles spans."""
MAX_ENTRY_BYTES = 65_535


class EntryTooLarge(ValueError):
    """An entry that a bundle cannot hold."""


def index_path(index: int) -> str:
    """``1234567`` becomes ``x001/x234/567``."""
    text = f"{index % 1000:03d}"
    while index := index // 1000:
        text = f"x{index % 1000:03d}/{text}"
    return text


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """Path of a tile of hashes; a partial one names its width."""
    return f"tile/{level}/{index_path(index)}{_partial(width)}"


def entries_path(index: int, width: int = WIDTH) -> str:
    """Path of an entry bundle."""
    return f"tile/entries/{index_path(index)}{_partial(width)}"


def _partial(width: int) -> str:
    return "" if width == WIDTH else f".p/{width}"


def pack(entries: Sequence[bytes]) -> bytes:
    """An entry bundle: each entry behind its length in 16 bits; raises EntryTooLarge."""
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise EntryTooLarge(f"an entry of {len(entry)} bytes does not fit: at most {MAX_ENTRY_BYTES}")
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)


def unpack(bundle: bytes) -> list[bytes]:
    """The entries of a bundle; raises ValueError for one that is cut short."""
    entries: list[bytes] = []
    at = 0
    while at < len(bundle):
        if at + 2 > len(bundle):
            raise ValueError("the bundle ends inside a length")
        (length,) = struct.unpack_from(">H", bundle, at)
        at += 2
        if at + length > len(bundle):
            raise ValueError("the bundle ends inside an entry")
        entries.append(bundle[at : at + length])
        at += length
    return entries
