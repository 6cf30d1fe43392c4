"""Intercom signs the body with the client secret of the app; it signs no time."""

from revloop.integrations.signature import Push, Signature, digest_hex, header_fault

HEADER = "x-hub-signature"


def _fault(secret: str, push: Push) -> str:
    """``sha1=<hex>``: an HMAC does not fall with SHA-1's collisions, and Intercom has nothing newer."""
    return header_fault(push, HEADER, "sha1=" + digest_hex("sha1", secret, push.body))


SIGNATURE = Signature(fault=_fault)
