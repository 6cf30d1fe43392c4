"""A breaker: five failures of one tenant's connector within 60 s open it for 30 s, then one probe decides."""

import msgspec

FAILURES = 5
WINDOW_MS = 60_000
OPEN_MS = 30_000


class Breaker(msgspec.Struct, frozen=True):
    """Times are wall-clock ms given by the caller."""

    failures: tuple[int, ...] = ()
    opened_at: int | None = None
    probing_until: int | None = None

    def blocked_until(self, now: int) -> int | None:
        """Until when nothing may be tried, or None; a probe that never reports frees its place after the open time."""
        if self.opened_at is None:
            return None
        if now < self.opened_at + OPEN_MS:
            return self.opened_at + OPEN_MS
        if self.probing_until is not None and now < self.probing_until:
            return self.probing_until
        return None

    def admitted(self, now: int) -> "Breaker":
        """The breaker after letting one attempt through at ``now``: when half open, that attempt is the only probe."""
        if self.opened_at is None:
            return self
        return msgspec.structs.replace(self, probing_until=now + OPEN_MS)

    def failed(self, now: int) -> "Breaker":
        """The breaker after a failure that waiting may heal."""
        recent = (*(at for at in self.failures if at > now - WINDOW_MS), now)
        opened = now if self.opened_at is not None or len(recent) >= FAILURES else None
        return Breaker(failures=recent[-FAILURES:], opened_at=opened)

    def succeeded(self) -> "Breaker":
        """The breaker after the target answered."""
        return Breaker()
