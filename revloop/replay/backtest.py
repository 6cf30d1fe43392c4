"""Delivery folders come in; signals, states, decisions and law 4's accounts go out as files: same input, same bytes."""

import csv
import resource
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from revloop.contracts.generated import topics
from revloop.contracts.generated.events import AccountState, Decision, Disposition, SignalChange
from revloop.contracts.ids import canonical
from revloop.contracts.rows import SIGNAL_COLUMNS, STATE_COLUMNS, signal_order, signal_row, state_row
from revloop.replay.composition import compose
from revloop.replay.deliveries import events, tenants_of
from revloop.replay.pipeline import Pipeline
from revloop.tenants import Registry
from revloop.tenants.registry import load_profile

Report = dict[str, object]


def run(
    folders: Sequence[Path],
    out: Path,
    *,
    tenants: Path,
    policies: Path,
    profile: Path | None = None,
    until: str | None = None,
    limit: int | None = None,
) -> Report:
    """Run the chain over ``folders`` and write to ``out``; gives the report. Raises RevloopError for bad input.

    Files: signals.csv, states.csv, decisions.jsonl and report.json hold the same bytes on every machine; run.json holds
    seconds and memory of this run.
    """
    began, cpu = time.monotonic(), time.process_time()
    registry = Registry.load(tenants)
    if profile is not None:
        own = load_profile(profile)
        registry = Registry([*(registry.get(name) for name in registry.tenants() if name != own.tenant), own])
    pipeline = compose(registry, policies)
    kept = _Kept(pipeline)
    for tenant in tenants_of(folders):
        for event in events(folders, registry, tenant, until, limit):
            pipeline.feed(topics.RAW_DELIVERIES, event)
    out.mkdir(parents=True, exist_ok=True)
    report = kept.write(out)
    run_facts = {
        "wall_seconds": round(time.monotonic() - began, 3),
        "cpu_seconds": round(time.process_time() - cpu, 3),
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    (out / "run.json").write_bytes(msgspec.json.format(msgspec.json.encode(run_facts)) + b"\n")
    return {**report, "run": run_facts}


class _Kept:
    """What a backtest keeps of the stream, and how it is written."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._events = pipeline.keep(topics.SIGNALS, topics.ACCOUNT_STATES, topics.DECISIONS, topics.RAW_DISPOSITIONS)

    def write(self, out: Path) -> Report:
        """Write all files; gives the report."""
        signals = (signal_row(e) for e in self._events[topics.SIGNALS] if isinstance(e, SignalChange))
        states = (state_row(e) for e in self._events[topics.ACCOUNT_STATES] if isinstance(e, AccountState))
        _write_csv(out / "signals.csv", SIGNAL_COLUMNS, sorted(signals, key=signal_order))
        _write_csv(out / "states.csv", STATE_COLUMNS, sorted(states))
        decisions = [e for e in self._events[topics.DECISIONS] if isinstance(e, Decision)]
        decisions.sort(key=lambda e: (e.tenant_id, e.account_id, e.observed_at, e.event_id))
        (out / "decisions.jsonl").write_bytes(b"".join(canonical(e) + b"\n" for e in decisions))
        report = self._report()
        (out / "report.json").write_bytes(msgspec.json.format(canonical(report)) + b"\n")
        return report

    def _report(self) -> Report:
        pipeline = self._pipeline
        refusals = {f"{stage}: {reason}": count for (stage, reason), count in sorted(pipeline.refusals.items())}
        return {
            "law_4": law_4(e for e in self._events[topics.RAW_DISPOSITIONS] if isinstance(e, Disposition)),
            "events": dict(sorted(pipeline.counts.items())),
            "refusals": refusals,
        }


def law_4(dispositions: Iterable[Disposition]) -> list[dict[str, object]]:
    """Deliveries and items by what became of them, per tenant and connector, and whether they add up."""
    tallies: dict[tuple[str, str], Counter[str]] = {}
    for event in dispositions:
        tally = tallies.setdefault((event.tenant_id, event.connector), Counter())
        if event.disposition.value != "redriven":
            tally["deliveries"] += 1
            tally[event.disposition.value] += 1
        for name in ("items", "records", "duplicates", "parked"):
            tally[f"item_{name}" if name != "items" else name] += getattr(event, name)
        tally["item_dead"] += event.dead
    return [
        {"tenant": tenant, "connector": connector, **dict(sorted(tally.items())), "adds_up": _adds_up(tally)}
        for (tenant, connector), tally in sorted(tallies.items())
    ]


def _adds_up(tally: Counter[str]) -> bool:
    fates = sum(tally[name] for name in ("empty", "parsed", "duplicate", "dead"))
    items = sum(tally[f"item_{name}"] for name in ("records", "duplicates", "parked", "dead"))
    return fates == tally["deliveries"] and items == tally["items"]


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
