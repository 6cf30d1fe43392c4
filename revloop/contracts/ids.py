"""Derived ids and content hashes: the same inputs give the same id on every machine, in every replay."""

from hashlib import sha256

import msgspec

_canonical = msgspec.json.Encoder(order="deterministic").encode


def canonical(value: object) -> bytes:
    """JSON bytes of ``value`` with sorted keys and no white space: equal values give equal bytes."""
    return _canonical(value)


def content_hash(value: object) -> str:
    """sha256 (64 hex digits) of the canonical bytes of ``value``."""
    return sha256(_canonical(value)).hexdigest()


def derive_id(prefix: str, *parts: str | int) -> str:
    """``<prefix>_`` and 32 hex digits over ``parts``, each written with its length so that no two lists collide."""
    text = "".join([f"{len(part)}:{part}" for part in map(str, parts)])
    return f"{prefix}_{sha256(f'{prefix}|{text}'.encode()).hexdigest()[:32]}"


def trace_of(event_id: str) -> str:
    """The W3C trace id (32 hex digits) that begins with the event ``event_id``."""
    return sha256(event_id.encode()).hexdigest()[:32]
