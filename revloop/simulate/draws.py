"""A seed and names come in; the same chances on every machine go out.

Only the generator's ``random()`` is used, whose sequence Python guarantees, and arithmetic that is exact everywhere.
"""

from collections.abc import Sequence
from hashlib import sha256
from random import Random
from typing import TypeVar

from revloop.contracts.times import DAY_MS, MINUTE_MS, SECOND_MS

T = TypeVar("T")
WORK_BEGINS, WORK_ENDS = 7 * 60, 19 * 60
"""Minutes of the day, UTC."""


class Draws:
    """One stream of chances; streams of other names do not depend on it."""

    def __init__(self, seed: int, *names: str | int) -> None:
        digest = sha256("/".join(map(str, (seed, *names))).encode()).digest()
        self._random = Random(int.from_bytes(digest[:8], "big")).random  # noqa: S311 - a simulation keeps no secrets

    def chance(self, share: float) -> bool:
        """True in ``share`` of all cases."""
        return self._random() < share

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """One of ``items``."""
        return items[int(self._random() * len(items))]

    def weighted(self, items: Sequence[tuple[int, T]]) -> T:
        """One of the items, as often as its weight says."""
        place = self._random() * sum(weight for weight, _ in items)
        for weight, item in items:
            place -= weight
            if place < 0:
                return item
        return items[-1][1]

    def at_work(self, day: int) -> int:
        """A moment (ms) in the working hours of a day of the epoch, to the second."""
        minute = self.between(WORK_BEGINS, WORK_ENDS - 1)
        return day * DAY_MS + minute * MINUTE_MS + self.between(0, 59) * SECOND_MS
