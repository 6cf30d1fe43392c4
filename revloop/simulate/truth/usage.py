"""USAGE_DROP_PERCENT and USAGE_SPIKE: the last 30 days against a third of the 90 days before, by whole days.

A day is (00:00, 24:00] and counts when it is over. Both open at ticks; late news of days that are over may end them.
"""

from revloop.contracts.times import DAY_MS
from revloop.simulate.channel import Heard
from revloop.simulate.records import Use
from revloop.simulate.truth.sayings import Sayings

RECENT, BOTH = 30, 120
LEAST = 3


class Usage:
    """Uses by day, as long as a window sees them."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._days: dict[int, int] = {}
        self._today = 0
        self._recent = 0
        self._base = 0

    def hear(self, heard: Heard, say: Sayings) -> None:
        """One use, perhaps of days ago."""
        use = heard.record
        if not isinstance(use, Use) or use.milestone:
            return
        day = -(-use.changed // DAY_MS)
        if self._today == 0:
            self._today = -(-heard.at // DAY_MS) - 1  # the tick of the day it is heard on is still to come
        if day <= self._today - BOTH:
            return
        self._days[day] = self._days.get(day, 0) + 1
        if day > self._today:
            return
        if day > self._today - RECENT:
            self._recent += 1
        else:
            self._base += 1
        self._judge(heard.at, say, ticking=False)

    def tick(self, at: int, say: Sayings) -> None:
        """The windows move on by a day."""
        if not self._days:
            return
        today = self._today = at // DAY_MS
        old = self._days.get(today - RECENT, 0)
        self._recent += self._days.get(today, 0) - old
        self._base += old - self._days.pop(today - BOTH, 0)
        self._judge(at, say, ticking=True)

    def _judge(self, at: int, say: Sayings, *, ticking: bool) -> None:
        recent, base = self._recent, self._base
        enough = base >= LEAST
        drop = spike = None
        if enough and 6 * recent <= base:
            drop = round(100 * (base - 3 * recent) / base, 2)
        if enough and 2 * recent >= base:
            spike = round(300 * recent / base, 2)
        for signal, value in (("USAGE_DROP_PERCENT", drop), ("USAGE_SPIKE", spike)):
            if value is not None or say.stands(signal):
                say.holds(signal, {} if value is None else {"": (self._account, value)}, at, may_open=ticking)
