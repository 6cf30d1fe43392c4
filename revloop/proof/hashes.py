"""RFC 6962 hashing: bytes come in, hashes of leaves and inner nodes go out, told apart by their first byte."""

from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Hash of a leaf, 32 bytes."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node over the hashes of its two children, 32 bytes."""
    return sha256(b"\1" + left + right).digest()
