"""Delivery folders and a file of expected counts come in; each count with ours and a verdict goes out."""

import csv
import gzip
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

import msgspec
from pydantic import ValidationError

from revloop.contracts.failures import RevloopError
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import Delivery, Envelope, SignalChange
from revloop.contracts.times import iso
from revloop.integrations import load_normalisers
from revloop.integrations.record import Record
from revloop.replay.backtest import Backtest
from revloop.replay.measures import Active, Changes, Deliveries, Measure, Records, SignalLog, Tally
from revloop.replay.pipeline import Pipeline
from revloop.stores.delivery_files import FILE
from revloop.tenants import Profile, Registry
from services.ingest.core.parsed import Parser

SHOWN_ROWS = 5


class BadMap(RevloopError):
    """A map or a file of expected counts that cannot be used; the message names the file and the place."""


class Verdict(StrEnum):
    """What came of one expected count."""

    EQUAL = "equal"
    DIFFERS = "differs"
    NOT_OURS = "not ours"
    NOT_RUN = "not run"
    UNMAPPED = "unmapped"


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an expected count is to the product: a measure that must equal it, or the reason why none does."""

    measure: Measure | None = None
    take: str = ""
    """Name of the number where the expected value is a table."""
    why_not: str = ""


class RowsEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A truth file whose rows with an account must be ours, and nothing else."""

    tenant: str
    file: str
    signal: str
    ours: Changes | Active
    columns: tuple[str, ...] = ("account", "entity", "at")


class Map(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything a check needs to know of the ids."""

    settings: Mapping[str, Mapping[str, bool | int | float | str]] = {}
    """By tenant: thresholds of signals that the counts were made with, where they are not the profile's."""
    until: Mapping[str, str] = {}
    """By tenant: last moment."""
    counts: Mapping[str, Entry] = {}
    rows: Mapping[str, RowsEntry] = {}


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """One expected count; ``value`` is a number, or a table of numbers."""

    id: str
    rule: str
    value: object


class ExpectedFile(msgspec.Struct, frozen=True, kw_only=True):
    """The file of expected counts."""

    expected: tuple[Expected, ...]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the result."""

    id: str
    expected: object
    ours: object
    verdict: Verdict
    note: str = ""


def load_map(path: Path) -> Map:
    """Raises BadMap."""
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=Map)
    except (OSError, msgspec.DecodeError) as error:
        raise BadMap(f"{path}: {error}") from error


def load_expected(path: Path) -> Sequence[Expected]:
    """Raises BadMap."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=ExpectedFile).expected
    except (OSError, msgspec.DecodeError) as error:
        raise BadMap(f"{path}: {error}") from error


def delivery_folders(where: Path) -> list[Path]:
    """``where`` itself or the folders in it that hold deliveries; raises BadMap."""
    found = [where] if (where / FILE).exists() else sorted(path.parent for path in where.glob(f"*/{FILE}"))
    if not found:
        raise BadMap(f"{where} holds no {FILE}, nor does a folder in it")
    return found


class Check:
    """One backtest over the folders, counted while it runs."""

    def __init__(self, the_map: Map, registry: Registry, policies: Path) -> None:
        self._map = the_map
        profiles = (_with(registry.get(name), the_map.settings.get(name, {})) for name in registry.tenants())
        self._registry = Registry(profiles)
        self._parser = Parser(self._registry, load_normalisers())
        self.backtest = Backtest(self._registry, policies)
        self._signals: dict[str, SignalLog] = {}
        self._tallies: dict[str, Tally] = {
            name: Tally(entry.measure) for name, entry in the_map.counts.items() if isinstance(entry.measure, Records)
        }

    def run(self, folders: Sequence[Path]) -> None:
        """Run the cores over all folders."""
        for folder in folders:
            self.backtest.run([folder], self._attach, until=self._map.until.get(folder.name))

    def _attach(self, pipeline: Pipeline, tenant: str) -> None:
        log = self._signals.setdefault(tenant, SignalLog())

        def signal(event: Envelope) -> None:
            if isinstance(event, SignalChange):
                log.add(event)

        pipeline.listen(topics.SIGNALS, signal)
        tallies = [tally for name, tally in self._tallies.items() if name.startswith(f"{tenant}.")]
        if tallies:
            pipeline.listen(topics.RAW_DELIVERIES, lambda event: self._read(event, tallies))

    def _read(self, event: Envelope, tallies: Sequence[Tally]) -> None:
        """Records as they are read, whether or not they find an account."""
        if not isinstance(event, Delivery):
            return
        for record in self._parser.parse(event, self._registry.get(event.tenant_id)).records:
            if isinstance(record, Record):
                for tally in tallies:
                    tally.add(event.connector, record)

    # --- results

    def lines(self, expected: Sequence[Expected], truth: Path) -> list[Line]:
        """Every expected count, then every truth file beside it."""
        counts = [self._line(one) for one in expected]
        return [*counts, *(self._rows_line(name, entry, truth) for name, entry in self._map.rows.items())]

    def _line(self, expected: Expected) -> Line:
        entry = self._map.counts.get(expected.id)
        tenant = expected.id.partition(".")[0]
        if entry is None:
            note = "say in the map what measures it, or why nothing does"
            return Line(id=expected.id, expected=expected.value, ours=None, verdict=Verdict.UNMAPPED, note=note)
        wanted = expected.value[entry.take] if entry.take and isinstance(expected.value, dict) else expected.value
        if tenant not in self._signals:
            return Line(id=expected.id, expected=wanted, ours=None, verdict=Verdict.NOT_RUN)
        if entry.measure is None:
            return Line(id=expected.id, expected=wanted, ours=None, verdict=Verdict.NOT_OURS, note=entry.why_not)
        ours = self._measured(expected.id, tenant, entry.measure)
        verdict = Verdict.EQUAL if ours == wanted else Verdict.DIFFERS
        return Line(id=expected.id, expected=wanted, ours=ours, verdict=verdict)

    def _measured(self, name: str, tenant: str, measure: Measure) -> object:
        if isinstance(measure, Records):
            return self._tallies[name].result()
        if isinstance(measure, Deliveries):
            return self._deliveries(tenant, measure)
        return measure.count_in(self._signals[tenant])

    def _deliveries(self, tenant: str, measure: Deliveries) -> object:
        law_4 = self.backtest.law_4
        if measure.reason:
            return sum(
                count
                for (name, connector, reason), count in law_4.reasons.items()
                if name == tenant and reason == measure.reason and measure.connector in ("", connector)
            )
        by_connector = law_4.deliveries(tenant)
        if measure.by_connector:
            return by_connector
        return sum(count for name, count in by_connector.items() if measure.connector in ("", name))

    def _rows_line(self, name: str, entry: RowsEntry, truth: Path) -> Line:
        path = truth / entry.file
        if entry.tenant not in self._signals or not path.exists():
            return Line(id=name, expected=None, ours=None, verdict=Verdict.NOT_RUN)
        wanted = _truth(path, entry)
        ours = _ours(self._signals[entry.tenant], entry)
        missing, extra = sorted(wanted - ours), sorted(ours - wanted)
        note = "; ".join(
            f"{len(rows)} {what}: {' '.join(map(str, rows[:SHOWN_ROWS]))}"
            for what, rows in (("missing", missing), ("extra", extra))
            if rows
        )
        verdict = Verdict.DIFFERS if note else Verdict.EQUAL
        return Line(id=name, expected=len(wanted), ours=len(ours), verdict=verdict, note=note)


def _with(profile: Profile, settings: Mapping[str, object]) -> Profile:
    """``profile`` with other thresholds, checked as a file's are; raises BadMap."""
    if not settings:
        return profile
    written = profile.model_dump(mode="json")
    try:
        return Profile.model_validate_json(
            msgspec.json.encode({**written, "signals": {**written["signals"], **settings}}), strict=True
        )
    except ValidationError as error:
        raise BadMap(f"settings.{profile.tenant}: {error}") from error


def _truth(path: Path, entry: RowsEntry) -> set[tuple[str, ...]]:
    """Rows with an account, by the columns of ``columns``."""
    with gzip.open(path, "rt", newline="") as file:
        return {
            tuple(row["fired_at"] if column == "at" else row[column] for column in entry.columns)
            for row in csv.DictReader(file)
            if row["signal"] == entry.signal and row["account"]
        }


def _ours(log: SignalLog, entry: RowsEntry) -> set[tuple[str, ...]]:
    if isinstance(entry.ours, Active):
        return {(account, iso(tick)) for account, tick in entry.ours.rows_in(log)}
    found = entry.ours.found_in(log)
    each = ({"account": one.account, "entity": one.entity, "at": iso(one.at)} for one in found)
    return {tuple(row[column] for column in entry.columns) for row in each}
