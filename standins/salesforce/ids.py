"""Record ids in the vendor's form: key prefix, base-62 counter, and the three-letter checksum of 18-character ids."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_INSTANCE = "RL0"


def record_id(prefix: str, number: int) -> str:
    """The 18-character id of record ``number`` under a three-character key prefix."""
    return with_checksum(f"{prefix}{_INSTANCE}{_base62(number, 9)}")


def with_checksum(short: str) -> str:
    """A 15-character id and its three check letters, which tell upper from lower case in each group of five."""
    groups = (short[start : start + 5] for start in range(0, 15, 5))
    return short + "".join(
        _CHECKS[sum(1 << place for place, letter in enumerate(g) if letter.isupper())] for g in groups
    )


def looks_like_id(text: str) -> bool:
    """True for 18 letters and digits."""
    return len(text) == 18 and text.isascii() and text.isalnum()


def _base62(number: int, width: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = _ALPHABET[rest] + digits
    return digits.rjust(width, "0")
