"""An audit path comes in; it either leads from the leaf to the root, or is refused (RFC 9162, section 2.1.3.2)."""

from collections.abc import Sequence

from revloop.proof.errors import BadProof
from revloop.proof.hashes import node_hash


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check that ``leaf`` (a hash) is at ``index`` in the tree of ``size`` leaves with this root; raises BadProof."""
    if root_of_path(leaf, index, size, path) != root:
        raise BadProof(f"the path of leaf {index} does not lead to the root: entry, index or path is not the log's")


def root_of_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that ``path`` leads to; raises BadProof for an index or a length that the tree does not have."""
    if not 0 <= index < size:
        raise BadProof(f"leaf {index} is not in a tree of {size}: take the checkpoint that the proof was made for")
    node, at, last = leaf, index, size - 1
    for sibling in path:
        if last == 0:
            raise BadProof(f"the path of leaf {index} is too long for a tree of {size}")
        if at & 1 or at == last:
            node = node_hash(sibling, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise BadProof(f"the path of leaf {index} is too short for a tree of {size}")
    return node
