"""Stripe signs the time and the body with the secret of the endpoint (``whsec_…``), and anew for each try."""

from revloop.contracts.times import SECOND_MS
from revloop.integrations.signature import WRONG, Push, Signature, age_fault, alike, digest_hex, missing, whole

HEADER = "stripe-signature"


def _fault(secret: str, push: Push) -> str:
    """``t=<s>,v1=<hex>``: HMAC-SHA256 of ``<t>.<body>``; a ``v1`` for each secret while one replaces another."""
    if HEADER not in push.headers:
        return missing(HEADER)
    parts = [part.strip().partition("=")[::2] for part in push.headers[HEADER].split(",")]
    stamp = next((value for name, value in parts if name == "t"), "")
    wanted = digest_hex("sha256", secret, f"{stamp}.".encode() + push.body)
    if not any(alike(value, wanted) for name, value in parts if name == "v1"):
        return WRONG
    seconds = whole(stamp)
    return age_fault(None if seconds is None else seconds * SECOND_MS, push.now)


SIGNATURE = Signature(fault=_fault)
