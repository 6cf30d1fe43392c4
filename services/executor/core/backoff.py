"""When to try again: capped exponential delays, spread by the order's own id, so that no clock or die is needed."""

from hashlib import sha256

MAX_ATTEMPTS = 12
FIRST_DELAY_MS = 500
LAST_DELAY_MS = 30_000


def delay_ms(order_id: str, attempt: int, retry_after_ms: int | None = None) -> int:
    """Pause before the attempt after ``attempt`` (1 is the first); the target's own wish is a lower bound.

    The jitter (half to the whole of the capped delay) comes from the id and the attempt: orders spread, replays agree.
    """
    capped = min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** min(attempt - 1, 16))
    share = sha256(f"{order_id}:{attempt}".encode()).digest()[0] / 255
    return max(int(capped * (0.5 + share / 2)), retry_after_ms or 0)
