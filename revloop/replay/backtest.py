"""Delivery folders come in; signals, states, decisions and law 4's accounts go out as files: same input, same bytes."""

import csv
import gc
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from revloop.contracts.generated import topics
from revloop.contracts.generated.events import AccountState, Decision, Envelope, SignalChange
from revloop.contracts.ids import canonical
from revloop.contracts.rows import SIGNAL_COLUMNS, STATE_COLUMNS, signal_order, signal_row, state_row
from revloop.replay.composition import compose
from revloop.replay.deliveries import events, folders_of
from revloop.replay.law4 import Law4
from revloop.replay.pipeline import Pipeline
from revloop.tenants import Registry
from revloop.tenants.registry import load_profile

GC_THRESHOLDS = (20_000, 50, 1000)
"""As rarely as in a service: events are trees, and among them there are no cycles to look for."""
Report = dict[str, object]
Attach = Callable[[Pipeline, str], object]
"""Called with each chain and its tenant before anything is fed: to listen."""


class Backtest:
    """Runs the chain over one tenant after the other; the states of one are gone before the next begins."""

    def __init__(self, registry: Registry, policies: Path) -> None:
        self._registry = registry
        self._policies = policies
        self.law_4 = Law4()
        self.counts: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.seconds: dict[str, float] = {}
        """Wall time of each tenant."""

    def run(
        self, folders: Sequence[Path], attach: Attach, *, until: str | None = None, limit: int | None = None
    ) -> None:
        """Feed every tenant of ``folders``; raises RevloopError for bad input."""
        for tenant, own in folders_of(folders).items():
            began = time.monotonic()
            pipeline = compose(self._registry, self._policies)
            pipeline.listen(topics.RAW_DISPOSITIONS, self.law_4.add)
            attach(pipeline, tenant)
            for event in events(own, self._registry, tenant, until, limit):
                pipeline.feed(topics.RAW_DELIVERIES, event)
            self.counts.update(pipeline.counts)
            for (stage, reason), count in pipeline.refusals.items():
                self.refusals[f"{stage}: {reason}"] += count
            self.seconds[tenant] = round(time.monotonic() - began, 3)

    def report(self) -> Report:
        """What happened, the same on every machine."""
        return {
            "law_4": self.law_4.rows(),
            "events": dict(sorted(self.counts.items())),
            "refusals": dict(sorted(self.refusals.items())),
        }


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
    gc.set_threshold(*GC_THRESHOLDS)
    began, cpu = time.monotonic(), time.process_time()
    backtest = Backtest(registry_with(tenants, profile), policies)
    rows = _Rows()
    backtest.run(folders, rows.attach, until=until, limit=limit)
    out.mkdir(parents=True, exist_ok=True)
    rows.write(out)
    report = backtest.report()
    (out / "report.json").write_bytes(msgspec.json.format(canonical(report)) + b"\n")
    run_facts = {
        "wall_seconds": round(time.monotonic() - began, 3),
        "cpu_seconds": round(time.process_time() - cpu, 3),
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "wall_seconds_by_tenant": backtest.seconds,
    }
    (out / "run.json").write_bytes(msgspec.json.format(msgspec.json.encode(run_facts)) + b"\n")
    return {**report, "run": run_facts}


def registry_with(tenants: Path, profile: Path | None) -> Registry:
    """The profiles of a folder, with one file in the place of its tenant's own."""
    registry = Registry.load(tenants)
    if profile is None:
        return registry
    own = load_profile(profile)
    return Registry([*(registry.get(name) for name in registry.tenants() if name != own.tenant), own])


class _Rows:
    """What a backtest keeps of the stream: rows, not events."""

    def __init__(self) -> None:
        self._signals: list[tuple[str, ...]] = []
        self._states: list[tuple[str, ...]] = []
        self._decisions: list[tuple[tuple[str, str, int, str], bytes]] = []

    def attach(self, pipeline: Pipeline, _tenant: str) -> None:
        pipeline.listen(topics.SIGNALS, self._signal)
        pipeline.listen(topics.ACCOUNT_STATES, self._state)
        pipeline.listen(topics.DECISIONS, self._decision)

    def _signal(self, event: Envelope) -> None:
        if isinstance(event, SignalChange):
            self._signals.append(signal_row(event))

    def _state(self, event: Envelope) -> None:
        if isinstance(event, AccountState):
            self._states.append(state_row(event))

    def _decision(self, event: Envelope) -> None:
        if isinstance(event, Decision):
            order = (event.tenant_id, event.account_id, event.observed_at, event.event_id)
            self._decisions.append((order, canonical(event)))

    def write(self, out: Path) -> None:
        self._signals.sort(key=signal_order)
        self._states.sort()
        self._decisions.sort()
        _write_csv(out / "signals.csv", SIGNAL_COLUMNS, self._signals)
        _write_csv(out / "states.csv", STATE_COLUMNS, self._states)
        with (out / "decisions.jsonl").open("wb") as file:
            for _, decision in self._decisions:
                file.write(decision + b"\n")


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
