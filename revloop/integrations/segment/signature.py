"""Segment signs the body with the shared secret of its webhook destination; it signs no time."""

from revloop.integrations.signature import Push, Signature, digest_hex, header_fault

HEADER = "x-signature"


def _fault(secret: str, push: Push) -> str:
    """Hex of the HMAC-SHA1: an HMAC does not fall with SHA-1's collisions, and Segment has nothing newer."""
    return header_fault(push, HEADER, digest_hex("sha1", secret, push.body))


SIGNATURE = Signature(fault=_fault)
