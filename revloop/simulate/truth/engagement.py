"""ACCOUNT_ACTIVATED: the target flag is set. FIRST_ENGAGEMENT: the first mail, or meeting held, ever."""

from revloop.simulate.channel import Heard
from revloop.simulate.records import Account, Email, Meeting
from revloop.simulate.truth.sayings import Sayings


class Engagement:
    """Whether the account is a target, and whether it was ever in touch."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._target = False
        self._engaged = False
        self._planned: dict[str, int] = {}

    def hear(self, heard: Heard, say: Sayings) -> None:
        """What was there before we were is no news."""
        match heard.record:
            case Account(id=name, target=target) if name == self._account:
                if target and not self._target and not heard.baseline:
                    say.happened("ACCOUNT_ACTIVATED", self._account, heard.at)
                self._target = target
            case Email() if not self._engaged:
                self._engage(heard.at, say, news=not heard.baseline)
            case Meeting() as meeting if not self._engaged:
                self._planned.pop(meeting.id, None)
                if not meeting.cancelled:
                    self._planned[meeting.id] = meeting.start
                self._meet(heard.at, say)

    def tick(self, at: int, say: Sayings) -> None:
        """A planned meeting may have been held."""
        if self._planned:
            self._meet(at, say)

    def _meet(self, at: int, say: Sayings) -> None:
        if any(start <= at for start in self._planned.values()):
            self._engage(at, say, news=True)

    def _engage(self, at: int, say: Sayings, *, news: bool) -> None:
        self._engaged = True
        self._planned.clear()
        if news:
            say.happened("FIRST_ENGAGEMENT", self._account, at)
