"""LIFECYCLE_CHANGED: prospect, suspect once in touch, customer by a contract in force, churned after the last."""

from revloop.contracts.times import DAY_MS
from revloop.simulate.channel import Heard
from revloop.simulate.records import Contract, Email, Meeting
from revloop.simulate.truth.sayings import Sayings


class Lifecycle:
    """Contracts by number and system, and whether the account was ever in touch."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._contracts: dict[tuple[str, str], Contract] = {}
        self._planned: dict[str, int] = {}
        self._engaged = False
        self._stage = "PROSPECT"

    def hear(self, heard: Heard, say: Sayings) -> None:
        """What was there before we were is no news."""
        match heard.record:
            case Contract() as contract:
                known = self._contracts.get((contract.id, heard.connector))
                if known is not None and contract.changed < known.changed:
                    return
                self._contracts[contract.id, heard.connector] = contract
            case Email():
                self._engaged = True
                self._planned.clear()
            case Meeting() as meeting if not self._engaged:
                self._planned.pop(meeting.id, None)
                if not meeting.cancelled:
                    self._planned[meeting.id] = meeting.start
            case _:
                return
        self._judge(heard.at, say, news=not heard.baseline)

    def tick(self, at: int, say: Sayings) -> None:
        """Contracts begin and end, meetings are held."""
        self._judge(at, say, news=True)

    def _judge(self, at: int, say: Sayings, *, news: bool) -> None:
        if any(start <= at for start in self._planned.values()):
            self._engaged = True
            self._planned.clear()
        stage = self._now(at)
        if stage != self._stage and news:
            say.happened("LIFECYCLE_CHANGED", self._account, at)
        self._stage = stage

    def _now(self, at: int) -> str:
        over = {name for (name, _), told in self._contracts.items() if told.over is not None}
        ends: dict[str, int] = {}
        begun = False
        for (name, _), told in self._contracts.items():
            if told.starts * DAY_MS <= at:
                begun = True
                ends[name] = max(told.ends, ends.get(name, 0))
        if any(at < end * DAY_MS and name not in over for name, end in ends.items()):
            return "CUSTOMER"
        if begun:
            return "CHURNED"
        return "SUSPECT" if self._engaged else "PROSPECT"
