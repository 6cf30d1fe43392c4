"""Amplitude signs nothing: its webhook is given the secret as a header of its own, and whoever reads one can send more.

Add ``Authorization: Bearer <secret>`` to the headers of the webhook in Amplitude, and let it call HTTPS alone.
"""

from revloop.integrations.signature import Push, Signature, header_fault

HEADER = "authorization"


def _fault(secret: str, push: Push) -> str:
    """``Bearer <secret>``; the body is not covered."""
    return header_fault(push, HEADER, f"Bearer {secret}")


SIGNATURE = Signature(fault=_fault)
