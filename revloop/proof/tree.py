"""Roots and proofs of a tree whose hashes come from tiles, and the few hashes that a writer needs to go on."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from revloop.proof.errors import BadTile
from revloop.proof.hashes import EMPTY_ROOT, HASH_BYTES, node_hash
from revloop.proof.tiles import HEIGHT, WIDTH, TileName, split_hashes

ReadTile = Callable[[int, int, int], bytes]
"""(level, index, width) -> the hashes of a tile, one after the other."""

CACHED_TILES = 64
"""About a megabyte: the path of one proof touches a few tiles a level."""


class CompactRange:
    """The roots of the complete subtrees of a tree, from the left: enough to append to it and to know its root."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if len(peaks) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks, not {len(peaks)}")
        self.size = size
        self._peaks = list(peaks)

    def append(self, leaf: bytes) -> list[bytes]:
        """Add a leaf's hash; gives the hash that this adds to each level of tiles, from level 0 upward."""
        added = [leaf]
        node, left, height = leaf, self.size, 0
        while left & 1:
            node, left, height = node_hash(self._peaks.pop(), node), left >> 1, height + 1
            if height % HEIGHT == 0:
                added.append(node)
        self._peaks.append(node)
        self.size += 1
        return added

    def root(self) -> bytes:
        """Root hash over all leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        *left, root = self._peaks
        for peak in reversed(left):
            root = node_hash(peak, root)
        return root


class Tree:
    """A tree of ``size`` leaves over a reader of tiles; holds at most 64 tiles at a time."""

    def __init__(self, size: int, read_tile: ReadTile) -> None:
        self.size = size
        self._read_tile = read_tile
        self._tile = lru_cache(maxsize=CACHED_TILES)(self._checked)

    def root(self) -> bytes:
        """Root hash."""
        return self.compact().root()

    def compact(self) -> CompactRange:
        """What a writer needs to go on from here."""
        peaks: list[bytes] = []
        start = 0
        for height in reversed(range(self.size.bit_length())):
            if self.size >> height & 1:
                peaks.append(self._node(height, start >> height))
                start += 1 << height
        return CompactRange(self.size, peaks)

    def inclusion(self, index: int) -> list[bytes]:
        """RFC 6962 audit path of the leaf at ``index``, from the leaf's sibling upward; raises IndexError."""
        if not 0 <= index < self.size:
            raise IndexError(f"leaf {index} is not in a tree of {self.size}")
        path: list[bytes] = []
        start, end = 0, self.size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        return path[::-1]

    def consistency(self, old: int) -> list[bytes]:
        """RFC 6962 proof that the first ``old`` leaves are a beginning of this tree; raises IndexError."""
        if not 0 <= old <= self.size:
            raise IndexError(f"a tree of {old} leaves is no beginning of one of {self.size}")
        return self._consistency(old, 0, self.size, whole=True) if old else []

    def _consistency(self, old: int, start: int, end: int, *, whole: bool) -> list[bytes]:
        size = end - start
        if old == size:
            return [] if whole else [self._range(start, end)]
        half = _split(size)
        if old <= half:
            return [*self._consistency(old, start, start + half, whole=whole), self._range(start + half, end)]
        return [*self._consistency(old - half, start + half, end, whole=False), self._range(start, start + half)]

    def _range(self, start: int, end: int) -> bytes:
        """Hash over the leaves from ``start`` to below ``end``; ``start`` is a multiple of the next power of two."""
        size = end - start
        if size & (size - 1) == 0:
            return self._node(size.bit_length() - 1, start >> (size.bit_length() - 1))
        middle = start + _split(size)
        return node_hash(self._range(start, middle), self._range(middle, end))

    def _node(self, height: int, index: int) -> bytes:
        """Hash of a complete subtree of ``height`` levels."""
        level, above = divmod(height, HEIGHT)
        first = index << above
        at = first % WIDTH
        hashes = self._tile(level, first // WIDTH)[at : at + (1 << above)]
        while len(hashes) > 1:
            hashes = [node_hash(hashes[n], hashes[n + 1]) for n in range(0, len(hashes), 2)]
        return hashes[0]

    def _checked(self, level: int, index: int) -> list[bytes]:
        name = TileName(level, index)
        name = TileName(level, index, name.width_at(self.size))
        tile = self._read_tile(level, index, name.width)
        if len(tile) != name.width * HASH_BYTES:
            raise BadTile(f"{name.path} has {len(tile)} bytes, not {name.width * HASH_BYTES}: restore it from a copy")
        return split_hashes(tile)


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << ((size - 1).bit_length() - 1)
