"""One account as it lives: its state, the steps that lie ahead, and the facts of the day that go out.

A day of the epoch is the moments in (00:00, 24:00]. The state is small and does not grow with the days.
"""

import heapq
from collections.abc import Callable
from enum import StrEnum

import msgspec

from revloop.contracts.times import DAY_MS
from revloop.simulate.draws import Draws
from revloop.simulate.records import (
    Account,
    Company,
    Contract,
    Customer,
    Deal,
    DealRole,
    Meeting,
    Organization,
    Record,
    Relation,
    Ticket,
)

Step = Callable[..., None]
"""Called as ``step(life, at, *arguments)``."""
Fact = tuple[int, int, int, Record]
"""(moment at which a system knew it, number of the account, running number, what)."""


class Story(StrEnum):
    """Why an account ends as it does."""

    DECLINE = "usage_decline_and_unresolved_ticket"
    CHAMPION = "champion_left"
    SILENCE = "silence"
    EXPANSION = "quiet_expansion"
    SLIPS = "deal_slipped_three_times"
    ONBOARDING = "onboarding_never_started"
    NONE = ""
    """Nothing in particular: what happens has no consequence, what comes has no sign."""


class Outcome(StrEnum):
    """How it ended."""

    RENEWED = "RENEWED"
    RENEWAL_LOST = "RENEWAL_LOST"
    DEAL_WON = "DEAL_WON"
    DEAL_LOST = "DEAL_LOST"
    EXPANDED = "EXPANDED"
    CANCELLED = "CANCELLED"


class Row(msgspec.Struct, frozen=True, gc=False):
    """A step of a story, or an outcome, as it happened."""

    account: str
    what: str
    at: int
    cause: str
    entity: str = ""


class Person(msgspec.Struct, gc=False):
    """Somebody at the account, with the record that says what they are to it."""

    contact: str
    email: str
    relation: Relation
    user: bool


class Life:
    """The state of one account; the modules beside this one move it."""

    def __init__(self, seed: int, number: int, first_day: int, last_day: int) -> None:
        self.seed, self.number = seed, number
        self.first_day, self.last_day = first_day, last_day
        self.draws = Draws(seed, "account", number)
        self.account: Account
        self.customer: Customer
        self.organization: Organization
        self.company: Company
        self.people: list[Person] = []
        self.contract: Contract | None = None
        self.renewal = ""
        """The deal in which the contract is to be renewed."""
        self.tickets: dict[str, Ticket] = {}
        self.deals: dict[str, Deal] = {}
        self.deal_roles: dict[str, list[DealRole]] = {}
        self.meetings: dict[str, Meeting] = {}
        self.story = Story.NONE
        self.story_from = 0
        self.using = False
        self.level = 1.0
        """Usage relative to what is usual here."""
        self.pace = 300
        """Chance in 1,000 that a user does something on a working day."""
        self.size = 1
        self.meets = True
        self.writes = True
        self.gone = False
        """Left for good: nothing happens any more."""
        self.rows: list[Row] = []
        """Outcomes of the day."""
        self.steps: list[Row] = []
        """Steps of stories of the day."""
        self._facts: list[Fact] = []
        self._ahead: list[tuple[int, int, Step, tuple[object, ...]]] = []
        self._count = 0

    def count(self) -> int:
        """A new number."""
        self._count += 1
        return self._count

    def name(self, kind: str) -> tuple[int, int, str, int]:
        """Parts of an id that no other thing has."""
        return (self.seed, self.number, kind, self.count())

    def tell(self, record: Record, at: int | None = None) -> None:
        """A system knows ``record`` from ``at`` on, by default since it changed."""
        self._facts.append((record.changed if at is None else at, self.number, self.count(), record))

    def later(self, at: int, step: Step, *arguments: object) -> None:
        """Take ``step`` at a moment that lies ahead."""
        heapq.heappush(self._ahead, (at, self.count(), step, arguments))

    def on_work_day(self, day: int) -> int:
        """A moment in the working hours of the first working day from ``day`` on."""
        while is_weekend(day):
            day += 1
        return self.draws.at_work(day)

    def advance(self, day: int) -> list[Fact]:
        """Take the steps of a day; gives its facts so far."""
        end = (day + 1) * DAY_MS
        ahead = self._ahead
        while ahead and ahead[0][0] <= end:
            at, _, step, arguments = heapq.heappop(ahead)
            if not self.gone:
                step(self, at, *arguments)
        return self._facts

    def taken(self) -> list[Fact]:
        """The facts since the last time."""
        facts, self._facts = self._facts, []
        return facts

    def mark(self, what: str, at: int, entity: str = "") -> None:
        """A step of the story was taken."""
        self.steps.append(Row(self.account.id, what, at, self.story.value, entity))

    def end(self, outcome: Outcome, at: int, cause: str, entity: str = "") -> None:
        """Something came out."""
        self.rows.append(Row(self.account.id, outcome.value, at, cause, entity))

    def leave(self) -> None:
        """Nothing follows."""
        self.gone = True
        self._ahead.clear()


def is_weekend(day: int) -> bool:
    """Saturday or Sunday; day 0 of the epoch was a Thursday."""
    return (day + 3) % 7 >= 5
