"""A consistency proof comes in; it either shows that a log only grew, or is refused (RFC 9162, section 2.1.4.2)."""

from collections.abc import Sequence

from revloop.proof.errors import BadProof
from revloop.proof.hashes import EMPTY_ROOT, node_hash


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """Check that the tree of ``old_size`` leaves is a beginning of that of ``new_size``; raises BadProof."""
    if old_size > new_size:
        raise BadProof(f"a tree of {new_size} leaves does not follow one of {old_size}: a log never shrinks")
    if old_size in (0, new_size):
        _verify_trivial(old_size, old_root, new_root, path)
    elif _roots(old_size, old_root, new_size, path) != (old_root, new_root):
        raise BadProof(
            f"the tree of {old_size} leaves is no beginning of this one of {new_size}: the log was rewritten"
        )


def _verify_trivial(old_size: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    if path:
        raise BadProof(f"from {old_size} leaves no path is needed, this one has {len(path)} hashes")
    if old_root != (new_root if old_size else EMPTY_ROOT):
        raise BadProof(f"two trees of {old_size} leaves have different roots: the log shows two faces")


def _roots(old_size: int, old_root: bytes, new_size: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """(old root, new root) as the path gives them."""
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    nodes = [old_root, *path] if old_size & (old_size - 1) == 0 else list(path)
    if not nodes:
        raise BadProof("the consistency path is empty")
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            raise BadProof(f"the path from {old_size} to {new_size} leaves is too long")
        if at & 1 or at == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, node)
        at, last = at >> 1, last >> 1
    if last:
        raise BadProof(f"the path from {old_size} to {new_size} leaves is too short")
    return old, new
