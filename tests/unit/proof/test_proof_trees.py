"""Roots and paths are those of RFC 6962, whatever the size; nothing else is accepted."""

from collections.abc import Sequence

import pytest

from revloop.proof.consistency import verify_consistency
from revloop.proof.errors import BadProof, BadTile
from revloop.proof.hashes import EMPTY_ROOT, leaf_hash, node_hash
from revloop.proof.inclusion import verify_inclusion
from revloop.proof.tree import CompactRange, Tree

LEAVES = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    bytes(range(0x50, 0x58)),
    bytes(range(0x60, 0x70)),
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Of the first 0 to 8 leaves, as Certificate Transparency's reference implementations publish them."""


def tree_of(hashes: Sequence[bytes]) -> Tree:
    """A tree over tiles cut from all hashes of all levels."""
    levels = [list(hashes)]
    while len(levels[-1]) >= 256:
        below = levels[-1]
        levels.append([mth(below[n : n + 256]) for n in range(0, len(below) // 256 * 256, 256)])
    return Tree(len(hashes), lambda level, index, width: b"".join(levels[level][index * 256 : index * 256 + width]))


def mth(hashes: Sequence[bytes]) -> bytes:
    """Merkle tree hash, as RFC 6962 defines it, over leaf hashes."""
    if len(hashes) < 2:
        return hashes[0] if hashes else EMPTY_ROOT
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(mth(hashes[:half]), mth(hashes[half:]))


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    hashes = [leaf_hash(leaf) for leaf in LEAVES[:size]]
    grown = CompactRange()
    for node in hashes:
        grown.append(node)
    assert grown.root().hex() == tree_of(hashes).root().hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [
        (0, 1, []),
        (
            0,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    ],
)
def test_inclusion_paths_are_the_published_ones(index: int, size: int, path: list[str]) -> None:
    tree = tree_of([leaf_hash(leaf) for leaf in LEAVES[:size]])
    assert [node.hex() for node in tree.inclusion(index)] == path


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (1, 1, []),
        (
            6,
            8,
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            [
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ],
)
def test_consistency_paths_are_the_published_ones(old: int, new: int, path: list[str]) -> None:
    tree = tree_of([leaf_hash(leaf) for leaf in LEAVES[:new]])
    assert [node.hex() for node in tree.consistency(old)] == path


@pytest.mark.parametrize("size", [*range(40), 255, 256, 257, 511, 512, 513, 1000])
def test_roots_and_inclusion_of_any_size(size: int) -> None:
    hashes = [leaf_hash(str(number).encode()) for number in range(size)]
    tree = tree_of(hashes)
    assert tree.root() == mth(hashes)
    for index in range(0, size, max(1, size // 50)):
        verify_inclusion(hashes[index], index, size, tree.inclusion(index), tree.root())


def test_a_tree_goes_on_from_where_it_was() -> None:
    hashes = [leaf_hash(str(number).encode()) for number in range(600)]
    for size in range(0, 600, 7):
        grown = tree_of(hashes[:size]).compact()
        for node in hashes[size:]:
            grown.append(node)
        assert grown.root() == mth(hashes)


def test_what_a_leaf_adds_to_the_tiles() -> None:
    grown = CompactRange()
    added = [len(grown.append(leaf_hash(b"%d" % number))) for number in range(65_536)]
    assert [number for number, levels in enumerate(added, 1) if levels > 1] == list(range(256, 65_537, 256))
    assert added[-1] == 3


def test_consistency_of_every_pair() -> None:
    hashes = [leaf_hash(str(number).encode()) for number in range(48)]
    roots = [mth(hashes[:size]) for size in range(49)]
    for new in range(49):
        tree = tree_of(hashes[:new])
        for old in range(new + 1):
            verify_consistency(old, roots[old], new, roots[new], tree.consistency(old))


def test_other_proofs_are_refused() -> None:
    """Another leaf, index, size, root or path: a hash changed, dropped or added."""
    hashes = [leaf_hash(str(number).encode()) for number in range(21)]
    tree, root = tree_of(hashes), mth(hashes)
    for index in range(21):
        path = tree.inclusion(index)
        wrong = [
            (hashes[index - 1], index, 21, path, root),
            (hashes[index], (index + 1) % 21, 21, path, root),
            (hashes[index], index, index, path, root),
            (hashes[index], -1, 21, path, root),
            (hashes[index], index, 21, path, hashes[0]),
            (hashes[index], index, 21, path[:-1], root),
            (hashes[index], index, 21, [*path, root], root),
            *((hashes[index], index, 21, [*path[:n], root, *path[n + 1 :]], root) for n in range(len(path))),
        ]
        for proof in wrong:
            with pytest.raises(BadProof):
                verify_inclusion(*proof)


def test_other_histories_are_refused() -> None:
    hashes = [leaf_hash(str(number).encode()) for number in range(21)]
    tree, root, alien = tree_of(hashes), mth(hashes), leaf_hash(b"alien")
    for old in range(1, 22):
        path, before = tree.consistency(old), mth(hashes[:old])
        wrong = [
            (old, alien, 21, root, path),
            (old, before, 21, alien, path),
            (old, before, 21, root, [*path, alien]),
            (old, before, old - 1, root, path),
            *((old, before, 21, root, [*path[:n], alien, *path[n + 1 :]]) for n in range(len(path))),
            *((old, before, 21, root, path[:n]) for n in range(len(path))),
        ]
        for proof in wrong:
            with pytest.raises(BadProof):
                verify_consistency(*proof)
    with pytest.raises(BadProof, match="different roots"):
        verify_consistency(0, alien, 21, root, [])


def test_what_the_tree_does_not_have() -> None:
    tree = tree_of([leaf_hash(b"x")] * 5)
    for index in (-1, 5):
        with pytest.raises(IndexError, match="not in a tree of 5"):
            tree.inclusion(index)
    with pytest.raises(IndexError, match="no beginning"):
        tree.consistency(6)
    with pytest.raises(BadTile, match=r"tile/0/000\.p/5 has 4 bytes, not 160"):
        Tree(5, lambda *_: b"four").root()
    with pytest.raises(ValueError, match="3 leaves has 2 peaks"):
        CompactRange(3, [EMPTY_ROOT])


def test_few_tiles_are_held() -> None:
    """A path through a billion leaves reads a few tiles of each level, and holds no more than a few dozen."""
    read: list[tuple[int, int]] = []

    def tile(level: int, index: int, width: int) -> bytes:
        read.append((level, index))
        return bytes(32 * width)

    tree = Tree(1_000_000_007, tile)
    tree.inclusion(123_456_789)
    assert len(read) <= 8
    assert len(set(read)) == len(read)
