"""Keys of the event spine: ``tenant`` and ``tenant|account`` percent-encoded, and the partition each belongs to."""

from functools import lru_cache
from urllib.parse import quote, unquote

_SEPARATOR = "|"


def tenant_key(tenant_id: str) -> str:
    """Key of a tenant's own stream; ``|``, ``#`` and the like in the id are percent-encoded."""
    return quote(tenant_id, safe="")


@lru_cache(maxsize=65_536)
def account_key(tenant_id: str, account_id: str) -> str:
    """Key of one account's stream."""
    return f"{quote(tenant_id, safe='')}{_SEPARATOR}{quote(account_id, safe='')}"


@lru_cache(maxsize=4_096)  # a key is asked for some twenty times while its record is on its way
def join_key(tenant_id: str, *parts: str) -> str:
    """Key of a state below a tenant: every part percent-encoded, so no part can pretend to be two."""
    return _SEPARATOR.join(map(_quoted, (tenant_id, *parts)))


@lru_cache(maxsize=262_144)
def _quoted(part: str) -> str:
    return quote(part, safe="")


def tenant_of(key: str) -> str:
    """The tenant a key belongs to."""
    return unquote(key.split(_SEPARATOR, 1)[0])


def split_key(key: str) -> list[str]:
    """The decoded parts of a key."""
    return [unquote(part) for part in key.split(_SEPARATOR)]


def murmur2(data: bytes) -> int:
    """Kafka's murmur2 hash as an unsigned 32-bit number (the ``murmur2_random`` partitioner of librdkafka)."""
    mask, multiplier = 0xFFFFFFFF, 0x5BD1E995
    length = len(data)
    value = (0x9747B28C ^ length) & mask
    whole = length - length % 4
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * multiplier & mask
        word = (word ^ (word >> 24)) * multiplier & mask
        value = (value * multiplier & mask) ^ word
    if tail := data[whole:]:
        value = (value ^ int.from_bytes(tail, "little")) * multiplier & mask
    value = (value ^ (value >> 13)) * multiplier & mask
    return value ^ (value >> 15)


@lru_cache(maxsize=65_536)
def partition_of(key: str, partitions: int) -> int:
    """Partition of a tenant or account key among ``partitions``; compound keys live where their account lives."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions
