"""RENEWAL_WINDOW_ENTERED: a contract ends within 90 days; told by two systems, it is one."""

from revloop.contracts.times import DAY_MS
from revloop.simulate.channel import Heard
from revloop.simulate.records import Contract
from revloop.simulate.truth.sayings import Sayings

WINDOW_MS = 90 * DAY_MS


class Contracts:
    """Contracts by number, as they were last told."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._ends: dict[str, int] = {}

    def hear(self, heard: Heard, say: Sayings) -> None:
        """A contract is signed, renewed or over; what was changed earlier does not bring back its end."""
        contract = heard.record
        if not isinstance(contract, Contract):
            return
        if contract.over is not None:
            self._ends.pop(contract.id, None)
        else:
            self._ends[contract.id] = max(contract.ends * DAY_MS, self._ends.get(contract.id, 0))
        self._judge(heard.at, say, ticking=False)

    def tick(self, at: int, say: Sayings) -> None:
        """The end comes nearer."""
        if self._ends:
            self._judge(at, say, ticking=True)

    def _judge(self, at: int, say: Sayings, *, ticking: bool) -> None:
        holding = {
            number: (number, float(-(-(ends - at) // DAY_MS)))
            for number, ends in self._ends.items()
            if 0 < ends - at <= WINDOW_MS
        }
        say.holds("RENEWAL_WINDOW_ENTERED", holding, at, may_open=ticking)
