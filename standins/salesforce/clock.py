"""The organisation's clock: wall time, or a fixed base that moves one second with every write; stamps only increase."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Moments in milliseconds since the epoch, given ``last_ms``, the stamp of the last write."""

    def now(self, last_ms: int) -> int:
        """What the clock shows."""

    def stamp(self, last_ms: int) -> int:
        """The stamp of the next write; always later than ``last_ms``."""


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class WallClock:
    """Wall time; two writes in one millisecond get two stamps."""

    read_ms: Callable[[], int] = _wall_ms

    def now(self, last_ms: int) -> int:
        """What the clock shows: never before the last write."""
        return max(self.read_ms(), last_ms)

    def stamp(self, last_ms: int) -> int:
        """The present moment, or one millisecond after the last write."""
        return max(self.read_ms(), last_ms + 1)


@dataclass(frozen=True, slots=True)
class FileClock:
    """Stands at ``base_ms`` and moves one second with every write, so that the same writes get the same stamps."""

    base_ms: int

    def now(self, last_ms: int) -> int:
        """The stamp that the next write would get."""
        return max(self.base_ms, last_ms + 1_000)

    def stamp(self, last_ms: int) -> int:
        """One second after the last write, at least the base."""
        return self.now(last_ms)


def datetime_text(at_ms: int) -> str:
    """``2018-03-01T00:00:00.000+0000``, the form of datetime fields."""
    moment = _EPOCH + timedelta(milliseconds=at_ms)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1_000:03d}+0000"


def parse_datetime(text: str) -> int:
    """Milliseconds of an ISO 8601 moment with a zone; raises ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone: write 2018-03-01T00:00:00Z")
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def http_date(at_ms: int) -> str:
    """``Thu, 01 Mar 2018 00:00:00 GMT``: whole seconds, as HTTP has them."""
    return format_datetime(_EPOCH + timedelta(seconds=at_ms // 1_000), usegmt=True)


def parse_http_date(text: str) -> int:
    """Milliseconds of an HTTP date; raises ValueError for anything else."""
    moment = parsedate_to_datetime(text)
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - _EPOCH) // timedelta(milliseconds=1)
