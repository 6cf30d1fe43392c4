"""Jira signs the body with the secret of the webhook; it signs no time."""

from revloop.integrations.signature import Push, Signature, digest_hex, header_fault

HEADER = "x-hub-signature"


def _fault(secret: str, push: Push) -> str:
    """``sha256=<hex>``, as WebSub has it."""
    return header_fault(push, HEADER, "sha256=" + digest_hex("sha256", secret, push.body))


SIGNATURE = Signature(fault=_fault)
