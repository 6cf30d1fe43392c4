"""What changes of a deal and what is wrong with it: dates, amount, stage; and deals that stand still."""

from revloop.simulate.channel import Heard
from revloop.simulate.records import Deal, Stage
from revloop.simulate.truth.sayings import Sayings

ORDER = {stage: place for place, stage in enumerate(Stage)}
SLIPPED_DAYS, PULLED_IN_DAYS, AMOUNT_SHARE = 1, 7, 0.05
LATEST_DAY = 25_932
"""The last of the year 2040."""


class Deals:
    """Deals as they were last told."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._deals: dict[str, Deal] = {}

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
        faults = {f"{d.id} {fault}": (d.id, None) for d in self._deals.values() for fault in _faults(d)}
        say.holds("DATA_QUALITY", faults, heard.at, may_open=True)
        if deal.stage.closed and not any(_faults(deal)):
            del self._deals[deal.id]

    def tick(self, at: int, say: Sayings) -> None:
        """Nothing yet."""


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
