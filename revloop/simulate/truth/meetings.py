"""NO_MEETING_IN_21_DAYS and MEETING_UPCOMING."""

from revloop.contracts.times import DAY_MS, HOUR_MS
from revloop.simulate.channel import Heard
from revloop.simulate.records import Meeting
from revloop.simulate.truth.sayings import Sayings

SILENT_MS, SOON_MS = 21 * DAY_MS, 24 * HOUR_MS
KEPT_MS = 30 * DAY_MS


class Meetings:
    """Starts of meetings that are not called off; of those held long ago the last one."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._starts: dict[str, int] = {}
        self._older: int | None = None

    def hear(self, heard: Heard, say: Sayings) -> None:
        """A meeting is planned, moved or called off."""
        meeting = heard.record
        if not isinstance(meeting, Meeting):
            return
        if meeting.cancelled:
            self._starts.pop(meeting.id, None)
        else:
            self._starts[meeting.id] = meeting.start
        self._judge(heard.at, say, ticking=False)

    def tick(self, at: int, say: Sayings) -> None:
        """Meetings begin, silences grow."""
        if not self._starts and self._older is None:
            return
        self._judge(at, say, ticking=True)
        for name in [name for name, start in self._starts.items() if start <= at - KEPT_MS]:
            self._older = max(self._starts.pop(name), self._older or 0)

    def _judge(self, at: int, say: Sayings, *, ticking: bool) -> None:
        starts = self._starts.values()
        last = max((start for start in starts if start <= at), default=self._older)
        silent = last is not None and at >= last + SILENT_MS
        holding = {str(last): (self._account, float((at - last) // DAY_MS))} if last is not None and silent else {}
        say.holds("NO_MEETING_IN_21_DAYS", holding, at, may_open=ticking)
        soon = {name: (name, None) for name, start in self._starts.items() if 0 < start - at <= SOON_MS}
        say.holds("MEETING_UPCOMING", soon, at, may_open=ticking)
