"""What every vendor's writer gives: rows, how a page of them looks, and how times are written."""

from collections.abc import Callable, Sequence

import msgspec

from revloop.contracts.times import DAY_MS, iso
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
    text = iso(at)
    return text if "." in text else f"{text[:-1]}.000Z"


def day_text(day: int) -> str:
    """``2024-03-01`` for a day of the epoch."""
    return iso(day * DAY_MS)[:10]
