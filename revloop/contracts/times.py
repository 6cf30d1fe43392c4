"""Moments as integer milliseconds since the epoch, UTC; text in and out is ISO 8601, and UTC where it names no zone."""

from datetime import UTC, datetime, timedelta

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - without a zone a moment is written twice as fast, and it is UTC
_MILLISECOND = timedelta(milliseconds=1)


def iso(at_ms: int) -> str:
    """``2018-03-01T00:00:00Z``; milliseconds are written only where there are some."""
    text = (_NAIVE_EPOCH + timedelta(milliseconds=at_ms)).isoformat(timespec="seconds")
    rest = at_ms % SECOND_MS
    return f"{text}.{rest:03d}Z" if rest else f"{text}Z"


def parse_iso(text: str) -> int:
    """Milliseconds of an ISO 8601 moment or day; raises ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MILLISECOND


def day_of(at_ms: int) -> str:
    """The UTC day, as ``2018-03-01``."""
    return iso(at_ms)[:10]


def next_boundary(at_ms: int, step_ms: int) -> int:
    """The first multiple of ``step_ms`` (epoch-aligned) at or after ``at_ms``."""
    return -(-at_ms // step_ms) * step_ms
