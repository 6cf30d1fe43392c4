"""HubSpot signs method, address, body and time with the client secret of the app (version 3 of its signatures)."""

import re

from revloop.integrations.signature import Push, Signature, age_fault, digest_base64, header_fault, missing, whole

HEADER = "x-hubspot-signature-v3"
STAMP = "x-hubspot-request-timestamp"
DECODED = re.compile("%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)
"""HubSpot signs these twelve as the characters that they stand for, whatever the address itself has."""


def _fault(secret: str, push: Push) -> str:
    """Base64 of the HMAC-SHA256 of ``<method><url><body><ms>``; the older versions 1 and 2 sign no time: not taken."""
    stamp = push.headers.get(STAMP)
    if stamp is None:
        return missing(STAMP)
    url = DECODED.sub(lambda found: chr(int(found[0][1:], 16)), push.url)
    wanted = digest_base64(secret, f"{push.method}{url}".encode() + push.body + stamp.encode())
    return header_fault(push, HEADER, wanted) or age_fault(whole(stamp), push.now)


SIGNATURE = Signature(fault=_fault)
