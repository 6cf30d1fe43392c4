"""Roots and proofs of a tree whose hashes are read from tiles, so that nobody ever holds all leaves."""

from collections.abc import Callable

from revloop.proof.hashes import EMPTY_ROOT, HASH_BYTES, node_hash
from revloop.proof.tiles import HEIGHT, WIDTH

ReadTile = Callable[[int, int, int], bytes]
"""(level, index, width) -> the hashes of a tile."""


class Tree:
    """A tree of ``size`` leaves over a reader of tiles."""

    def __init__(self, size: int, read_tile: ReadTile) -> None:
        self.size = size
        self._read_tile = read_tile
        self._cache: dict[tuple[int, int], bytes] = {}

    def root(self) -> bytes:
        """Root hash."""
        return EMPTY_ROOT if self.size == 0 else self._range(0, self.size)

    def inclusion(self, index: int) -> list[bytes]:
        """RFC 6962 audit path of the leaf at ``index``, from the leaf upward."""
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
        """RFC 6962 proof that the first ``old`` leaves are a prefix of this tree."""
        if not 0 < old <= self.size:
            raise IndexError(f"a tree of {old} leaves is no beginning of one of {self.size}")
        return self._consistency(old, 0, self.size, whole=True)

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
        tile = self._tile(level, first // WIDTH)
        at = first % WIDTH
        hashes = [tile[HASH_BYTES * n : HASH_BYTES * (n + 1)] for n in range(at, at + (1 << above))]
        while len(hashes) > 1:
            hashes = [node_hash(hashes[n], hashes[n + 1]) for n in range(0, len(hashes), 2)]
        return hashes[0]

    def _tile(self, level: int, index: int) -> bytes:
        key = (level, index)
        if key not in self._cache:
            width = min(WIDTH, (self.size >> (HEIGHT * level)) - index * WIDTH)
            self._cache[key] = self._read_tile(level, index, width)
        return self._cache[key]


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << ((size - 1).bit_length() - 1)
