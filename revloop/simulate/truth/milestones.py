"""DEADLINE_MISSED: from one day to 15 days after a milestone was due, unless it was reached or the contract ended."""

from revloop.contracts.times import DAY_MS
from revloop.simulate.channel import Heard
from revloop.simulate.records import Contract, Task, Use
from revloop.simulate.truth.sayings import Sayings

BEGINS_MS, ENDS_MS = DAY_MS, 15 * DAY_MS


class Milestones:
    """What is due and was not reached."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._due: dict[str, int] = {}
        self._reached: set[str] = set()
        self._over = False

    def hear(self, heard: Heard, say: Sayings) -> None:
        """Something is agreed upon, reached, or nobody's duty any more."""
        match heard.record:
            case Task(id=name, due=due) if name not in self._reached:
                self._due[name] = due
            case Use(milestone=name) if name:
                if self._due.pop(name, None) is None:
                    self._reached.add(name)
            case Contract(over=over):
                self._over = over is not None
            case _:
                return
        self._judge(heard.at, say, ticking=False)

    def tick(self, at: int, say: Sayings) -> None:
        """Days pass."""
        if not self._due:
            return
        self._judge(at, say, ticking=True)
        for name in [name for name, due in self._due.items() if at >= due + ENDS_MS]:
            del self._due[name]

    def _judge(self, at: int, say: Sayings, *, ticking: bool) -> None:
        missed = {
            name: (name, None)
            for name, due in self._due.items()
            if due + BEGINS_MS <= at < due + ENDS_MS and not self._over
        }
        say.holds("DEADLINE_MISSED", missed, at, may_open=ticking)
