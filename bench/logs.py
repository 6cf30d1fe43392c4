"""Runs the backtest of every tenant of a folder of delivery logs, alone and of all together, and says what it took.

CPU and memory are those of the whole process, its start included; what differs with the machine is in no file that a
test compares. Exits with 1 where a limit is not kept.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import yaml

from revloop.contracts.failures import RevloopError
from revloop.replay.check import delivery_folders

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("REVLOOP_SHARED_DATA", ROOT.parent / "shared" / "data"))
PROFILES = ROOT / "examples" / "tenants"
REVLOOP = Path(sys.executable).parent / "revloop"
PAGE = ROOT / "docs" / "generated" / "throughput.md"
MOST_CPU_S, MOST_MIB, MOST_RATIO = 180.0, 1_500.0, 1.20
TICKING = "itsm"
"""The tenant with an hourly clock: ticks must cost little beside what arrives."""
SIGNALS = "signals.signal_change.v1"
MIB = 2**20
TEXT = """# What a backtest of the delivery logs takes

Every tenant in a process of its own, one after the other, then all of them in one; CPU seconds and memory are those of
the whole process, its start included.
Records are what was read, whatever became of it; refused items are none. Repeat with
`.venv/bin/python bench/logs.py DATA --write`, where DATA holds the delivery logs.

| tenant | deliveries | records | signals | CPU s | records/s | peak MiB |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}
"""


class Took(msgspec.Struct, frozen=True, kw_only=True):
    """One backtest."""

    tenant: str
    deliveries: int
    records: int
    signals: int
    cpu_s: float
    peak_mib: float

    def cells(self) -> list[str]:
        """As a line of the table."""
        rate = self.records / self.cpu_s
        counts = [f"{count:,}" for count in (self.deliveries, self.records, self.signals)]
        return [self.tenant, *counts, f"{self.cpu_s:.1f}", f"{rate:,.0f}", f"{self.peak_mib:.0f}"]


def backtest(*folders: Path, profile: Path | None = None) -> Took:
    """Run tenants in one fresh process; raises CalledProcessError where it fails."""
    with tempfile.TemporaryDirectory() as out:
        command = [str(REVLOOP), "backtest", *map(str, folders), "--out", out]
        command += ["--profile", str(profile)] if profile else []
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)  # waited for here, where its usage is told
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        report = msgspec.json.decode((Path(out) / "report.json").read_bytes())
    law_4 = report["law_4"]
    return Took(
        tenant=folders[0].name if len(folders) == 1 else "together",
        deliveries=sum(row["deliveries"] for row in law_4),
        records=sum(row["items"] - row["item_dead"] for row in law_4),
        signals=report["events"].get(SIGNALS, 0),
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mib=usage.ru_maxrss * 1024 / MIB,
    )


def daily(folder: Path) -> Took:
    """The same tenant with a clock that ticks once a day."""
    with tempfile.TemporaryDirectory() as place:
        profile = Path(place) / f"{folder.name}.yaml"
        written = yaml.safe_load((PROFILES / profile.name).read_text())
        profile.write_text(yaml.safe_dump({**written, "tick": "1d"}))
        return backtest(folder, profile=profile)


def run(folders: Sequence[Path]) -> Iterator[tuple[Took, Took | None]]:
    """Each tenant; the one with an hourly clock runs daily right after, so that both meet the same machine."""
    for folder in folders:
        yield backtest(folder), daily(folder) if folder.name == TICKING else None


def broken(total: Took, ratio: float | None) -> list[str]:
    """The limits that were not kept."""
    found = [
        (total.cpu_s, MOST_CPU_S, "CPU seconds"),
        (total.peak_mib, MOST_MIB, "MiB"),
        (ratio or 0.0, MOST_RATIO, f"times the CPU time with hourly ticks ({TICKING})"),
    ]
    return [f"{value:.2f} {what}, more than {limit:g}" for value, limit, what in found if value > limit]


def measured(data: Path) -> tuple[list[list[str]], str, list[str]]:
    """Lines of the table, what is said below it, and the limits that were not kept; prints as it goes."""
    print(
        f"{'tenant':<10}{'deliveries':>12}{'records':>12}{'signals':>10}{'CPU s':>8}{'records/s':>11}{'peak MiB':>10}"
    )
    took: list[Took] = []
    ratio = None
    folders = delivery_folders(data)
    for one, once_a_day in run(folders):
        took.append(one)
        show(one)
        ratio = one.cpu_s / once_a_day.cpu_s if once_a_day else ratio
    total = backtest(*folders)
    show(total)
    below = f"Limits: {MOST_CPU_S:.0f} CPU seconds and {MOST_MIB:,.0f} MiB together."
    if ratio is not None:
        below += f" {TICKING} with hourly ticks takes {ratio:.2f} times the CPU time of daily ones"
        below += f" (limit {MOST_RATIO:.2f})."
    return [one.cells() for one in (*took, total)], below, broken(total, ratio)


def show(took: Took) -> None:
    """Print a line."""
    tenant, deliveries, records, signals, cpu, rate, peak = took.cells()
    print(f"{tenant:<10}{deliveries:>12}{records:>12}{signals:>10}{cpu:>8}{rate:>11}{peak:>10}", flush=True)


def main() -> int:
    """Measure; with ``--write`` keep the figures as a page."""
    asked = argparse.ArgumentParser(description=__doc__)
    shown = SHARED if SHARED.exists() else ROOT / "examples"
    asked.add_argument("data", nargs="?", type=Path, default=shown, metavar="DATA", help="folder of delivery folders")
    asked.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    given = asked.parse_args()
    try:
        lines, below, wrong = measured(given.data.resolve())
    except (RevloopError, subprocess.CalledProcessError) as error:
        print(f"no figures: {error}", file=sys.stderr)
        return 1
    print(below)
    if given.write:
        rows = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
        PAGE.write_text(TEXT.format(rows=rows) + below + "\n")
    for one in wrong:
        print(f"limit not kept: {one}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
