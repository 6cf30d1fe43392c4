"""Everything that is heard of the accounts comes in, day by day; the rows of the truth go out."""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from revloop.contracts.times import iso
from revloop.simulate.channel import Heard
from revloop.simulate.records import Account, Organization, Ticket, Use
from revloop.simulate.truth.buying_group import BuyingGroup
from revloop.simulate.truth.contracts import Contracts, Contradictions
from revloop.simulate.truth.deals import Cycles, Deals
from revloop.simulate.truth.engagement import Engagement
from revloop.simulate.truth.lifecycle import Lifecycle
from revloop.simulate.truth.meetings import Meetings
from revloop.simulate.truth.milestones import Milestones
from revloop.simulate.truth.people import People
from revloop.simulate.truth.sayings import Said, Sayings
from revloop.simulate.truth.support import Support
from revloop.simulate.truth.usage import Usage
from revloop.simulate.world.life import Life


class Rule(Protocol):
    """Some signals of one account."""

    def hear(self, heard: Heard, say: Sayings) -> None:
        """A record became known."""

    def tick(self, at: int, say: Sayings) -> None:
        """A day is over; everything of it was heard."""


class Case:
    """One account: what is known of it, and what waits until its system is linked to it."""

    def __init__(self, account: str, cycles: Cycles) -> None:
        self.say = Sayings()
        self.rules: tuple[Rule, ...] = (
            Usage(account),
            Support(account),
            Meetings(account),
            Contracts(account),
            Contradictions(account),
            Lifecycle(account),
            Milestones(account),
            Deals(account, cycles),
            People(account),
            BuyingGroup(account),
            Engagement(account),
        )
        self._linked: set[str] = set()
        self._waiting: dict[str, list[Heard]] = {}

    def hear(self, heard: Heard) -> None:
        """A record, now or once its account can be told."""
        needs = _needs(heard)
        if needs and needs not in self._linked:
            self._waiting.setdefault(needs, []).append(heard)
            return
        self._know(heard)
        gives = _gives(heard)
        if gives and gives not in self._linked:
            self._linked.add(gives)
            for one in self._waiting.pop(gives, ()):
                self._know(Heard(heard.at, one.number, one.connector, one.record, one.baseline))

    def _know(self, heard: Heard) -> None:
        for rule in self.rules:
            rule.hear(heard, self.say)


class Judge:
    """All accounts."""

    def __init__(self, lives: Sequence[Life]) -> None:
        self._lives = lives
        self._cases: dict[int, Case] = {}
        self._cycles = Cycles()
        self.counts: Counter[str] = Counter()
        """Signals that happened or opened, by type."""

    def hear(self, heard: Heard) -> None:
        """A record becomes known."""
        case = self._cases.get(heard.number)
        if case is None:
            case = self._cases[heard.number] = Case(heard.record.account, self._cycles)
        case.hear(heard)

    def tick(self, at: int) -> list[tuple[str, ...]]:
        """The rows of a day, in order."""
        rows: list[tuple[str, ...]] = []
        self._cycles.settle()
        for number, case in self._cases.items():
            for rule in case.rules:
                rule.tick(at, case.say)
            if case.say.said:
                rows += [self._row(self._lives[number], said) for said in case.say.said]
                case.say.said.clear()
        rows.sort(key=lambda row: (row[3], row[0]))  # what one account said at one moment stays in order
        return rows

    def _row(self, life: Life, said: Said) -> tuple[str, ...]:
        if said.change in ("opened", "happened"):
            self.counts[said.signal] += 1
        story = life.story.value if said.at >= life.story_from else ""
        return (life.account.id, said.signal, said.entity, iso(said.at), said.change, _number(said.value), story)


def _needs(heard: Heard) -> str:
    return {Ticket: "organization", Use: "workspace"}.get(type(heard.record), "")


def _gives(heard: Heard) -> str:
    match heard.record:
        case Organization(linked=True):
            return "organization"
        case Account(workspace=workspace) if workspace:
            return "workspace"
    return ""


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if value == int(value) else repr(value)
