"""SUPPORT_SEV2_AGING, SUPPORT_RISK_EMERGING, TICKET_REOPENED and TICKET_ESCALATED."""

from revloop.contracts.times import DAY_MS, HOUR_MS
from revloop.simulate.channel import Heard
from revloop.simulate.records import Ticket
from revloop.simulate.truth.sayings import Said, Sayings

SEVERE = ("urgent", "high")
AGES = (24, 48, 72)
AGED_DAYS, VOLUME_DAYS, FIRES_AT = 7, 14, 5


class Support:
    """Tickets until they are closed for good, and how many were opened on each of the last days."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._tickets: dict[str, Ticket] = {}
        self._opened: dict[int, int] = {}
        self._steps: dict[str, int] = {}

    def hear(self, heard: Heard, say: Sayings) -> None:
        """A ticket as it is now."""
        ticket = heard.record
        if not isinstance(ticket, Ticket):
            return
        before = self._tickets.get(ticket.id)
        self._tickets[ticket.id] = ticket
        if before is None:
            day = -(-ticket.created // DAY_MS)
            self._opened[day] = self._opened.get(day, 0) + 1
        elif ticket.reopens > before.reopens or (ticket.open and not before.open):
            say.happened("TICKET_REOPENED", ticket.id, heard.at)
        if ticket.escalated and not (before and before.escalated):
            say.happened("TICKET_ESCALATED", ticket.id, heard.at)
        self._aging(heard.at, say, ticking=False)
        self._risk(heard.at, say, ticking=False)
        if ticket.status == "closed":
            del self._tickets[ticket.id]

    def tick(self, at: int, say: Sayings) -> None:
        """Tickets grow older."""
        if not self._tickets and not self._opened:
            return
        self._aging(at, say, ticking=True)
        self._risk(at, say, ticking=True)
        self._opened.pop(at // DAY_MS - 2 * VOLUME_DAYS, None)

    def _aging(self, at: int, say: Sayings, *, ticking: bool) -> None:
        severe = [t for t in self._tickets.values() if t.open and t.priority in SEVERE]
        reached = {t.id: step for t in severe if (step := _step(at - t.created))}
        holding = {name: (name, float(step)) for name, step in reached.items()}
        say.holds("SUPPORT_SEV2_AGING", holding, at, may_open=ticking)
        if ticking:
            for name, step in reached.items():
                if step > self._steps.get(name, step):
                    say.said.append(Said("SUPPORT_SEV2_AGING", name, at, "raised", float(step)))
            self._steps = reached
        else:
            self._steps = {name: step for name, step in self._steps.items() if name in reached}

    def _risk(self, at: int, say: Sayings, *, ticking: bool) -> None:
        score = self._score(at)
        holding = {"": (self._account, float(score))} if score >= FIRES_AT else {}
        say.holds("SUPPORT_RISK_EMERGING", holding, at, may_open=ticking)

    def _score(self, at: int) -> int:
        today = at // DAY_MS
        waiting = [t for t in self._tickets.values() if t.open]
        severe = sum(t.priority in SEVERE for t in waiting)
        aged = sum(-(-t.created // DAY_MS) <= today - AGED_DAYS for t in waiting)
        lately = sum(n for day, n in self._opened.items() if day > today - VOLUME_DAYS)
        before = sum(n for day, n in self._opened.items() if today - 2 * VOLUME_DAYS < day <= today - VOLUME_DAYS)
        more = before > 0 and 2 * lately >= 3 * before
        return 2 * severe + aged + 3 * more + 5 * (severe >= 2)


def _step(age: int) -> int:
    return max((hours for hours in AGES if age >= hours * HOUR_MS), default=0)
