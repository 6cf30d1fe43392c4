"""What every vendor's writer gives: rows, how a page of them looks, and how times are written."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec

from revloop.contracts.times import DAY_MS, SECOND_MS, iso
from revloop.simulate.records import Record

Json = bool | int | float | str | None | list["Json"] | dict[str, "Json"]
Row = dict[str, Json]


class Poll(msgspec.Struct, frozen=True):
    """A resource that is asked for what changed."""

    connector: str
    resource: str
    minutes: tuple[int, ...]
    """When it is asked, in minutes of the day; 1,440 is its very end."""
    size: int
    """Most rows of a page."""
    row: Callable[[Record], Row]
    page: Callable[[Sequence[Row], int], Json]
    """Body of a page, asked at a moment."""
    synced: bool = False
    """Whether a question names the one before by a token, too."""
    when_empty: bool = False
    """Whether an answer without news is kept."""


class Push(msgspec.Struct, frozen=True):
    """A message that the vendor sends by itself."""

    connector: str
    resource: str
    body: Json


def stamp(at: int) -> str:
    """``2024-03-01T09:00:00.000Z``."""
    return f"{second(at)[:-1]}.{at % SECOND_MS:03d}Z"


def second(at: int) -> str:
    """``2024-03-01T09:00:00Z``: what is left of a second is not written."""
    day, rest = divmod(at // SECOND_MS, DAY_MS // SECOND_MS)
    minutes, seconds = divmod(rest, 60)
    return f"{day_text(day)}T{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}Z"


def moment(at: int) -> str:
    """The shorter of both: milliseconds are written where there are some."""
    return stamp(at) if at % SECOND_MS else second(at)


@lru_cache(maxsize=4_096)
def day_text(day: int) -> str:
    """``2024-03-01`` for a day of the epoch."""
    return iso(day * DAY_MS)[:10]
