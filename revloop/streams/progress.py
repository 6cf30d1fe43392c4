"""How far a consuming thread is: what it reads and commits goes in, lag and readiness come out."""

import time
from collections.abc import Iterable, Mapping
from threading import Lock

from revloop.streams.specs import Place

STUCK_AFTER_S = 30.0
"""Lag without a commit for so long is no progress."""


class Progress:
    """Written by the consuming thread, read by the event loop."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._end: dict[Place, int | None] = {}
        """Offset at which the end was seen; None where a record came that lies behind it."""
        self._read: dict[Place, int] = {}
        self._done: dict[Place, int] = {}
        self._high: dict[Place, int] = {}
        self._moved = time.monotonic()

    def own(self, places: Iterable[Place]) -> None:
        """These partitions are owned from now on, and nothing is known of them yet."""
        with self._lock:
            self._end = dict.fromkeys(places)
            self._read.clear()
            self._done.clear()
            self._high.clear()
            self._moved = time.monotonic()

    def read(self, place: Place, first: int, last: int) -> None:
        """The records from offset ``first`` to ``last`` were read; there may be more."""
        with self._lock:
            if place in self._end:
                end = self._end[place]
                if end is not None and last >= end:
                    self._end[place] = None
                self._done.setdefault(place, first)
                self._read[place] = last + 1

    def ended(self, place: Place, offset: int) -> None:
        """There is nothing to read before ``offset`` but what was read; it may be said before ``read`` is."""
        with self._lock:
            if place in self._end:
                self._end[place] = offset

    def reaches(self, place: Place, high: int) -> None:
        """The broker said that the partition ends at ``high``."""
        with self._lock:
            self._high[place] = high

    def committed(self, positions: Mapping[Place, int]) -> None:
        """Everything before these offsets is handled for good."""
        with self._lock:
            self._done.update(positions)
            self._moved = time.monotonic()

    def unfinished(self) -> list[Place]:
        """Partitions whose end was not seen since their last record."""
        with self._lock:
            return [place for place, end in self._end.items() if end is None]

    def lag(self) -> dict[str, int]:
        """Records not handled for good, by topic; at least 1 for a partition whose end was not seen."""
        with self._lock:
            lag: dict[str, int] = {}
            for place, end in self._end.items():
                lag[place[0]] = lag.get(place[0], 0) + self._behind(place, ended=end is not None)
            if not any(lag.values()):
                self._moved = time.monotonic()
            return lag

    def _behind(self, place: Place, *, ended: bool) -> int:
        done = self._done.get(place)
        if ended:
            return 0 if done is None else max(0, self._read.get(place, done) - done)
        high = self._high.get(place, 0)
        return max(1, high - (high if done is None else done))

    @property
    def stuck(self) -> bool:
        """Whether there was lag and no commit for a while."""
        return any(self.lag().values()) and time.monotonic() - self._moved > STUCK_AFTER_S
