"""A seed and sizes come in; deliveries, truth, outcomes and stories go out as files, day by day.

The memory taken grows with the accounts, and not with the months.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import msgspec

from revloop.contracts.failures import RevloopError
from revloop.contracts.times import DAY_MS, iso
from revloop.simulate.channel import Channel
from revloop.simulate.files import Packed, csv_line, delivery_line
from revloop.simulate.truth.judge import Judge
from revloop.simulate.truth.sayings import COLUMNS
from revloop.simulate.world.beginnings import life_of
from revloop.simulate.world.days import live
from revloop.simulate.world.life import Life, Row

TENANT = "sim"
FIRST_DAY = date(2024, 1, 1)
MOST_ACCOUNTS, MOST_MONTHS = 100_000, 120
DELIVERIES, TRUTH, OUTCOMES, STORIES = "deliveries.jsonl.gz", "truth.csv.gz", "outcomes.csv.gz", "stories.csv.gz"


class BadSize(RevloopError):
    """A simulation nobody can want; the message says what can be asked for."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What was written."""

    tenant: str
    seed: int
    accounts: int
    first: str
    last: str
    deliveries: int
    by_connector: Mapping[str, int]
    signals: Mapping[str, int]
    """Rows of the truth where a signal opened or happened, by type."""
    outcomes: Mapping[str, int]
    sha256: Mapping[str, str]
    """By file, of what it holds unpacked."""


Progress = Callable[[int, int], object]
"""Called after each day with its number and the number of days."""


def simulate(*, seed: int, accounts: int, months: int, out: Path, progress: Progress = lambda *_: None) -> Summary:
    """Write a simulation to ``out``. Raises BadSize, and OSError where ``out`` cannot be written."""
    first, last = span(accounts, months)
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as files:
        work = _Work(seed, [life_of(seed, number, first, last) for number in range(accounts)], out, files)
        for day in range(first, last):
            work.day(day)
            progress(day - first + 1, last - first)
        return work.summary(seed, first, last)


def span(accounts: int, months: int) -> tuple[int, int]:
    """The first day of the epoch, and the day after the last one; raises BadSize."""
    if not 1 <= accounts <= MOST_ACCOUNTS:
        raise BadSize(f"{accounts} accounts: ask for 1 to {MOST_ACCOUNTS:,}")
    if not 1 <= months <= MOST_MONTHS:
        raise BadSize(f"{months} months: ask for 1 to {MOST_MONTHS}")
    after = FIRST_DAY.month - 1 + months
    end = date(FIRST_DAY.year + after // 12, after % 12 + 1, 1)
    epoch = date(1970, 1, 1)
    return (FIRST_DAY - epoch).days, (end - epoch).days


class _Work:
    """The lives, the channel, the judge and the files."""

    def __init__(self, seed: int, lives: list[Life], out: Path, files: ExitStack) -> None:
        self._lives = lives
        self._channel = Channel(seed)
        self._judge = Judge(lives)
        self._deliveries = Packed(out / DELIVERIES, files)
        self._truth = Packed(out / TRUTH, files)
        self._outcomes = Packed(out / OUTCOMES, files)
        self._stories = Packed(out / STORIES, files)
        self._truth.write(csv_line(COLUMNS))
        self._outcomes.write(csv_line(("account", "outcome", "entity", "as_of", "cause")))
        self._stories.write(csv_line(("account", "story", "step", "at", "entity")))
        self._seq = 0
        self._connectors: Counter[str] = Counter()
        self._ends: Counter[str] = Counter()

    def day(self, day: int) -> None:
        """One day of everybody."""
        facts = [fact for life in self._lives for fact in live(life, day)]
        for delivery in self._channel.day(day, facts):
            self._seq += 1
            self._connectors[delivery.connector] += 1
            self._deliveries.write(delivery_line(TENANT, self._seq, delivery))
            for news in delivery.news:
                self._judge.hear(news)
        for row in self._judge.tick((day + 1) * DAY_MS):
            self._truth.write(csv_line((TENANT, *row)))
        self._close_books()

    def _close_books(self) -> None:
        for life in self._lives:
            for row in life.rows:
                self._ends[row.what] += 1
                self._outcomes.write(csv_line(_outcome(row)))
            for row in life.steps:
                self._stories.write(csv_line((row.account, row.cause, row.what, iso(row.at), row.entity)))
            life.rows.clear()
            life.steps.clear()

    def summary(self, seed: int, first: int, last: int) -> Summary:
        """After the last day."""
        files = {DELIVERIES: self._deliveries, TRUTH: self._truth, OUTCOMES: self._outcomes, STORIES: self._stories}
        return Summary(
            tenant=TENANT,
            seed=seed,
            accounts=len(self._lives),
            first=iso(first * DAY_MS),
            last=iso(last * DAY_MS),
            deliveries=self._seq,
            by_connector=dict(sorted(self._connectors.items())),
            signals=dict(sorted(self._judge.counts.items())),
            outcomes=dict(sorted(self._ends.items())),
            sha256={name: file.digest() for name, file in files.items()},
        )


def _outcome(row: Row) -> tuple[str, ...]:
    return (row.account, row.what, row.entity, iso(row.at), row.cause)
