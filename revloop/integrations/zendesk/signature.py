"""Zendesk signs the time and the body with the signing secret of the webhook."""

from revloop.contracts.times import parse_iso
from revloop.integrations.signature import Push, Signature, age_fault, digest_base64, header_fault, missing

HEADER = "x-zendesk-webhook-signature"
STAMP = "x-zendesk-webhook-signature-timestamp"


def _fault(secret: str, push: Push) -> str:
    """Base64 of the HMAC-SHA256 of ``<ISO time><body>``; the secret is text, though it looks like Base64."""
    stamp = push.headers.get(STAMP)
    if stamp is None:
        return missing(STAMP)
    wanted = digest_base64(secret, stamp.encode() + push.body)
    return header_fault(push, HEADER, wanted) or age_fault(_moment(stamp), push.now)


def _moment(stamp: str) -> int | None:
    try:
        return parse_iso(stamp)
    except ValueError:
        return None


SIGNATURE = Signature(fault=_fault)
