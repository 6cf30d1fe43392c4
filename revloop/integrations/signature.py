"""How a vendor proves that a push is its own: the shared secret and the push come in, what is wrong goes out."""

import hmac
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from revloop.contracts.times import MINUTE_MS, SECOND_MS

MAX_AGE_MS = 5 * MINUTE_MS
"""A signed time may be so far from ours: what Stripe and HubSpot document, and enough for clocks that differ."""
LONGEST_STAMP = 16
"""Digits of a time in milliseconds, and some more."""
WRONG = "the signature does not fit: give both sides the same secret, and let no proxy change the body or the address"


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as it came in."""

    method: str
    """In capitals."""
    url: str
    """The whole address that the vendor called, path and query still encoded."""
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes
    now: int
    """Moment at which it came, in ms."""


def no_challenge(_: Push) -> str:
    """Most vendors ask for no proof that an address is ours."""
    return ""


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """One vendor's way of signing; both functions are pure."""

    fault: Callable[[str, Push], str]
    """(secret, push) -> what is wrong and what to do, without secret or digest; empty when the push is the vendor's."""
    challenge: Callable[[Push], str] = no_challenge
    """What a vendor that asks whether this address is ours must be told as plain text; empty for any other push."""


def digest_hex(algorithm: Literal["sha1", "sha256"], secret: str, message: bytes) -> str:
    """HMAC of a message in lower-case hex."""
    return hmac.new(secret.encode(), message, algorithm).hexdigest()


def digest_base64(secret: str, message: bytes) -> str:
    """HMAC-SHA256 of a message in Base64 with padding."""
    return b64encode(hmac.digest(secret.encode(), message, "sha256")).decode()


def alike(given: str, wanted: str) -> bool:
    """Whether two texts are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def header_fault(push: Push, name: str, wanted: str) -> str:
    """What is wrong with a header (name in lower case) that must be ``wanted``."""
    given = push.headers.get(name)
    if given is None:
        return missing(name)
    return "" if alike(given, wanted) else WRONG


def missing(name: str) -> str:
    """What to say of a header that is not there."""
    return f"the header {name} is missing: give the webhook its secret at the vendor"


def age_fault(at: int | None, now: int) -> str:
    """What is wrong with the time at which a push was signed, both in ms; None where it is none."""
    if at is None:
        return "the signed time is no time: let no proxy change the headers"
    if abs(now - at) > MAX_AGE_MS:
        return f"it was signed over {MAX_AGE_MS // SECOND_MS} s from now: set this machine's clock, or send it anew"
    return ""


def whole(text: str) -> int | None:
    """A whole number of seconds or milliseconds as vendors write it; None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_STAMP else None
