"""What the states of accounts cost: time of the world model's steps, and how much is remembered of an account."""

import argparse
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from rich.progress import track

from revloop.contracts import codec
from revloop.contracts.failures import RevloopError
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import AccountState, EntityFacts, Envelope, StateRecord
from revloop.contracts.times import DAY_MS, iso
from revloop.replay.composition import stages
from revloop.replay.deliveries import events, folders_of
from revloop.replay.pipeline import Pipeline
from revloop.stage import Core, Due, Effects, Needs
from revloop.tenants import Registry

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("REVLOOP_SHARED_DATA", ROOT.parent / "shared" / "data"))
PAGE = ROOT / "docs" / "generated" / "states.md"
TENANTS = ("itsm", "ou")
EVERY_MS = 91 * DAY_MS
STAGE = "world_model"
TEXT = """# What the states of accounts cost

Real delivery logs through the whole chain in one process. The time of a step is that of the world model alone, its
timers included; states/s are states published per CPU second of those steps, and of the whole chain from deliveries to
decisions. Repeat with `.venv/bin/python bench/states.py DATA --write`, where DATA holds the delivery logs.

{speed}

What the world model remembers (encoded, as in its table and changelog), every 91 days of the log. Records are kept as
they last looked, for states that show them. What grows with time alone would show in the columns per account.

{memory}
"""


class Timed:
    """A core that knows how long its steps took; counts what it published."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.seconds, self.steps = 0.0, 0

    def keys(self, event: Envelope | Due) -> Sequence[str]:
        """As the core has them."""
        return self._core.keys(event)

    def clock_of(self, tenant_id: str) -> str:
        """As the core has it."""
        return self._core.clock_of(tenant_id)

    def step(self, states: Mapping[str, StateRecord], event: Envelope | Due, now: int) -> Effects | Needs:
        """A step of the core, and its time."""
        began = time.thread_time()
        done = self._core.step(states, event, now)
        self.seconds += time.thread_time() - began
        self.steps += 1
        return done


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """What the table holds at one moment."""

    at: str
    accounts: int
    records: int
    bytes_of_accounts: tuple[int, ...]
    """Of each account, its records apart, in order of size."""
    bytes_of_records: int

    def cells(self, tenant: str) -> list[str]:
        """As a line of the table."""
        sizes = self.bytes_of_accounts
        return [
            tenant, self.at[:10], f"{self.accounts:,}", f"{statistics.median(sizes):,.0f}",
            f"{sizes[int(len(sizes) * 0.99)]:,}", f"{sizes[-1]:,}", f"{self.records:,}",
            f"{(sum(sizes) + self.bytes_of_records) / self.accounts:,.0f}",
        ]  # fmt: skip


def remembered(states: Mapping[str, StateRecord], at: int) -> Remembered:
    """Sizes of everything in a table."""
    records = [len(codec.encode(one)) for one in states.values() if isinstance(one, EntityFacts)]
    accounts = sorted(len(codec.encode(one)) for one in states.values() if not isinstance(one, EntityFacts))
    return Remembered(
        at=iso(at),
        accounts=len(accounts),
        records=len(records),
        bytes_of_accounts=tuple(accounts),
        bytes_of_records=sum(records),
    )


def measure(folder: Path) -> tuple[list[str], list[list[str]]]:
    """A line of the table of times and some of the table of sizes, for one tenant's log."""
    registry = Registry.load(ROOT / "examples" / "tenants")
    ((tenant, own),) = folders_of([folder]).items()
    chain = stages(registry, ROOT / "policies")
    place = next(number for number, one in enumerate(chain) if one.name == STAGE)
    timed = Timed(chain[place].core)
    chain[place] = msgspec.structs.replace(chain[place], core=timed)
    pipeline = Pipeline(chain)
    published: Counter[type[Envelope]] = Counter()
    pipeline.listen(topics.ACCOUNT_STATES, lambda event: published.update([type(event)]))
    sizes: list[list[str]] = []
    began, aside = time.process_time(), 0.0
    sampled = 0
    for event in track(events(own, registry, tenant, None), description=tenant):
        pipeline.feed(topics.RAW_DELIVERIES, event)
        sampled = sampled or event.observed_at
        if event.observed_at - sampled >= EVERY_MS:
            sampled, paused = event.observed_at, time.process_time()
            sizes.append(remembered(pipeline.stores[STAGE].states, sampled).cells(tenant))
            aside += time.process_time() - paused
    whole = time.process_time() - began - aside
    states = published[AccountState]
    cells = [
        tenant, f"{timed.steps:,}", f"{timed.seconds * 1e6 / timed.steps:.0f}", f"{states:,}",
        f"{states / timed.seconds:,.0f}", f"{states / whole:,.0f}", f"{timed.seconds / whole:.0%}",
    ]  # fmt: skip
    return cells, sizes


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Measure; print, and write the page where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=SHARED, help="folder of delivery logs")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    asked = parser.parse_args()
    missing = [tenant for tenant in TENANTS if not (asked.data / tenant).is_dir()]
    if missing:
        raise RevloopError(f"{asked.data} has no log of {', '.join(missing)}: name a folder that holds them")
    lines, sizes = [], []
    for tenant in TENANTS:
        cells, own = measure(asked.data / tenant)
        lines.append(cells)
        sizes += own
    speed = table(["tenant", "steps", "µs a step", "states", "states/s (step)", "states/s (chain)", "share"], lines)
    memory = table(
        ["tenant", "as of", "accounts", "median bytes", "p99", "largest", "records", "bytes an account, all in"], sizes
    )
    page = TEXT.format(speed=speed, memory=memory)
    print(page)
    if asked.write:
        PAGE.write_text(page)


if __name__ == "__main__":
    try:
        main()
    except RevloopError as error:
        sys.exit(f"bench/states.py: {error}")
