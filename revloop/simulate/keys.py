"""Names of things come in; ids as each vendor writes them go out, the same for the same name."""

from hashlib import sha256

_BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_BASE32 = "0123456789abcdefghijklmnopqrstuv"


def digest(*names: str | int) -> bytes:
    """32 bytes that stand for ``names``."""
    return sha256("/".join(map(str, names)).encode()).digest()


def salesforce_id(prefix: str, *names: str | int) -> str:
    """18 characters: the object's prefix, twelve of base 62 and the checksum over upper and lower case."""
    short = prefix + "".join(_BASE62[byte % 62] for byte in digest(prefix, *names)[:12])
    groups = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(_CHECK[sum(1 << n for n, char in enumerate(group) if char.isupper())] for group in groups)


def number(digits: int, *names: str | int) -> int:
    """A whole number of so many digits."""
    lowest = 10 ** (digits - 1)
    return int(lowest + int.from_bytes(digest(*names)[:8], "big") % (9 * lowest))


def stripe_id(prefix: str, *names: str | int) -> str:
    """``cus_…``, ``sub_…``, ``evt_…``."""
    return f"{prefix}_{digest(prefix, *names).hex()[:24]}"


def event_id(*names: str | int) -> str:
    """A calendar's event: 26 characters of base 32."""
    return "".join(_BASE32[byte % 32] for byte in digest("calendar", *names)[:26])


def message_id(*names: str | int) -> str:
    """A message: a UUID by form."""
    text = digest("message", *names).hex()[:32]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-a{text[17:20]}-{text[20:]}"
