"""RENEWAL_WINDOW_ENTERED: a contract ends within 90 days; told by two systems, it is one.

DATA_QUALITY of contracts: for a week two systems have told different ends, or a use came before the begin; at ticks.
"""

from revloop.contracts.times import DAY_MS
from revloop.simulate.channel import Heard
from revloop.simulate.records import Contract, Use
from revloop.simulate.truth.sayings import Sayings

WINDOW_MS = 90 * DAY_MS
GRACE_MS = 7 * DAY_MS


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


class Contradictions:
    """What each system said last of each contract, and the first use that named it."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._told: dict[str, dict[str, Heard]] = {}
        self._first: dict[str, int] = {}

    def hear(self, heard: Heard, say: Sayings) -> None:
        """A contract as one system has it, or a use."""
        match heard.record:
            case Contract() as contract:
                told = self._told.setdefault(contract.id, {})
                if heard.connector in told and contract.changed < told[heard.connector].record.changed:
                    return
                told[heard.connector] = heard
            case Use(contract=name, changed=at) if name and at < self._first.get(name, at + 1):
                self._first[name] = at
            case _:
                return
        self._judge(heard.at, say, ticking=False)

    def tick(self, at: int, say: Sayings) -> None:
        """A week is over."""
        if self._told:
            self._judge(at, say, ticking=True)

    def _judge(self, at: int, say: Sayings, *, ticking: bool) -> None:
        faults = {f"{name} ends": (name, None) for name, told in self._told.items() if _contradict(told, at)}
        faults |= {f"{name} used": (name, None) for name, told in self._told.items() if self._was_used(name, told)}
        say.holds("DATA_QUALITY", faults, at, may_open=ticking, part="contracts")

    def _was_used(self, name: str, told: dict[str, Heard]) -> bool:
        first = self._first.get(name)
        return first is not None and any(first < one.starts * DAY_MS for one in _contracts(told))


def _contradict(told: dict[str, Heard], at: int) -> bool:
    contracts = _contracts(told)
    if any(one.over is not None for one in contracts) or len({one.ends for one in contracts}) < 2:
        return False
    return at >= max(heard.at for heard in told.values()) + GRACE_MS


def _contracts(told: dict[str, Heard]) -> list[Contract]:
    return [heard.record for heard in told.values() if isinstance(heard.record, Contract)]
