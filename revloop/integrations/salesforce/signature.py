"""Salesforce signs no record that it pushes (its outbound messages are unsigned SOAP): whoever relays them signs.

A relay is a flow, a trigger or a program of the tenant's own that posts records as JSON and knows the secret.
"""

from revloop.integrations.signature import Push, Signature, digest_hex, header_fault

HEADER = "x-revloop-signature"


def _fault(secret: str, push: Push) -> str:
    """``sha256=<hex>``: HMAC-SHA256 of the body; no time is signed."""
    return header_fault(push, HEADER, "sha256=" + digest_hex("sha256", secret, push.body))


SIGNATURE = Signature(fault=_fault)
