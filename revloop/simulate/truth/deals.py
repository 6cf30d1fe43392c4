"""What changes of a deal and what is wrong with it: dates, amount, stage; and deals that stand still.

DEAL_STALLED: an open deal in the same stage for 30 days, or older than nine in ten of the deals that were closed, once
there are enough of them. It opens at ticks and clears when the deal moves, unless it is too old all the same.
"""

from collections.abc import Mapping

from revloop.contracts.times import DAY_MS
from revloop.simulate.channel import Heard
from revloop.simulate.records import Deal, Stage
from revloop.simulate.truth.sayings import Sayings

ORDER = {stage: place for place, stage in enumerate(Stage)}
SLIPPED_DAYS, PULLED_IN_DAYS, AMOUNT_SHARE = 1, 7, 0.05
STILL_MS = 30 * DAY_MS
FEWEST, SHARE = 20, 90
"""Of fewer closed deals a percentile says nothing."""
LATEST_DAY = 25_932
"""The last of the year 2040."""


class Cycles:
    """How many days closed deals took, over all accounts; the 90th percentile as of the last tick."""

    def __init__(self) -> None:
        self._days: dict[int, int] = {}
        self.longest: int | None = None

    def add(self, deal: Deal) -> None:
        """One more deal was closed."""
        days = (deal.changed - deal.created) // DAY_MS
        self._days[days] = self._days.get(days, 0) + 1

    def settle(self) -> None:
        """The day is over: the smallest number of days that nine in ten did not exceed."""
        self.longest = percentile(self._days) if sum(self._days.values()) >= FEWEST else None


def percentile(days: Mapping[int, int]) -> int:
    """The nearest rank: at least ``SHARE`` in a hundred took no longer."""
    wanted, seen = -(-sum(days.values()) * SHARE // 100), 0
    for day, count in sorted(days.items()):
        seen += count
        if seen >= wanted:
            return day
    raise ValueError("there are no closed deals")


class Deals:
    """Deals as they were last told, and since when each is in its stage."""

    def __init__(self, account: str, cycles: Cycles) -> None:
        self._account = account
        self._cycles = cycles
        self._deals: dict[str, Deal] = {}
        self._since: dict[str, int] = {}

    def hear(self, heard: Heard, say: Sayings) -> None:
        """A deal as it is now."""
        deal = heard.record
        if not isinstance(deal, Deal):
            return
        before = self._deals.get(deal.id)
        self._deals[deal.id] = deal
        if before is not None:
            _dates(before, deal, heard.at, say)
            _amount(before, deal, heard.at, say)
            _stage(before, deal, heard.at, say)
        if before is None or before.stage is not deal.stage:
            self._since[deal.id] = deal.changed
            if deal.stage.closed:
                self._cycles.add(deal)
        faults = {f"{d.id} {fault}": (d.id, None) for d in self._deals.values() for fault in _faults(d)}
        say.holds("DATA_QUALITY", faults, heard.at, may_open=True)
        self._stalled(heard.at, say, ticking=False)
        if deal.stage.closed and not any(_faults(deal)):
            del self._deals[deal.id], self._since[deal.id]

    def tick(self, at: int, say: Sayings) -> None:
        """Deals grow older."""
        if self._deals:
            self._stalled(at, say, ticking=True)

    def _stalled(self, at: int, say: Sayings, *, ticking: bool) -> None:
        longest = self._cycles.longest
        holding: dict[str, tuple[str, float | None]] = {
            name: (name, None)
            for name, deal in self._deals.items()
            if not deal.stage.closed
            and (at >= self._since[name] + STILL_MS or (longest is not None and at - deal.created > longest * DAY_MS))
        }
        say.holds("DEAL_STALLED", holding, at, may_open=ticking)


def _dates(before: Deal, deal: Deal, at: int, say: Sayings) -> None:
    if before.close is None or deal.close is None:
        return
    days = deal.close - before.close
    if days >= SLIPPED_DAYS:
        say.happened("CLOSE_DATE_SLIPPED", deal.id, at, float(days))
    if -days >= PULLED_IN_DAYS:
        say.happened("CLOSE_DATE_PULLED_IN", deal.id, at, float(days))


def _amount(before: Deal, deal: Deal, at: int, say: Sayings) -> None:
    if before.amount is None or deal.amount is None or before.amount == deal.amount:
        return
    share = (deal.amount - before.amount) / abs(before.amount)
    if abs(share) >= AMOUNT_SHARE:
        say.happened("AMOUNT_CHANGED", deal.id, at, round(share, 4))


def _stage(before: Deal, deal: Deal, at: int, say: Sayings) -> None:
    steps = ORDER[deal.stage] - ORDER[before.stage]
    if steps:
        say.happened("STAGE_CHANGED", deal.id, at)
    if steps < 0:
        say.happened("STAGE_REGRESSED", deal.id, at, float(steps))


def _faults(deal: Deal) -> list[str]:
    found = []
    if deal.close is None:
        found.append("no close date")
    elif deal.close > LATEST_DAY:
        found.append("close date too far")
    if deal.amount is None:
        found.append("no amount")
    elif deal.amount <= 0:
        found.append("amount not positive")
    return found
