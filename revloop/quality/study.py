"""What is asked of a tenant's log: which outcome, at which moments, over whom; and the outcomes as they were told."""

import csv
import gzip
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from revloop.contracts.failures import RevloopError
from revloop.contracts.times import DAY_MS, parse_iso


class BadStudy(RevloopError):
    """A study or a file of outcomes that cannot be used; the message names the file and what to mend."""


class Over(StrEnum):
    """What is ranked."""

    ACCOUNTS = "accounts"
    CASES = "cases"


class Study(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question to one tenant's log. Times are days."""

    tenant: str
    outcome: str
    """Name of the outcome in the tenant's file of outcomes."""
    asks: str
    """The question in words."""
    rule: str
    """Signal type of the single rule to compare with: flagged while it is ACTIVE."""
    horizon_days: int
    """How far after the moment the outcome may come."""
    every_days: int | None = None
    """Distance of moments where each outcome is an event; None where rows of outcomes name their moment."""
    at_least: float = 1.0
    """From which value on a row that names its moment counts as the outcome."""
    uses_a_month: float = 0.0
    """Only accounts that were used at least so often in 30 days, on average over the 90 days before the last 30."""
    running: bool = False
    """Only accounts with an open deal or a contract in force."""
    known_days: int = 0
    """Only accounts that had a state so long before."""
    once: bool = False
    """The outcome ends what it is about: who had it is asked about no more."""
    over: Over = Over.ACCOUNTS
    age_days: int = 0
    """Cases are judged at the first midnight at which they are so old."""
    severe: tuple[str, ...] = ()
    """Priorities of the cases that are looked at."""
    null_control: bool = False
    """Nothing in this log can tell the outcome: a lift that is not 1 would be a fault of the measuring."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a file of outcomes (times in ms)."""

    account: str
    entity: str
    as_of: int | None
    known_at: int
    value: str


def load_studies(path: Path) -> list[Study]:
    """Read a file of studies; raises BadStudy."""
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=list[Study])
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise BadStudy(f"{path}: {error}: compare it with the fields of revloop.quality.study.Study") from error


def read_outcomes(path: Path, name: str) -> list[Outcome]:
    """The outcomes ``name`` of a file ``account,outcome,entity,as_of,known_at,value``; raises BadStudy."""
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            found = [_outcome(row) for row in csv.DictReader(file) if row["outcome"] == name]
    except (OSError, EOFError, KeyError, ValueError) as error:
        raise BadStudy(f"{path}: no outcomes can be read: {error!r}") from error
    if not found:
        raise BadStudy(f"{path} tells no outcome {name!r}: name one of its second column")
    return found


def _outcome(row: Mapping[str, str]) -> Outcome:
    return Outcome(
        account=row["account"],
        entity=row["entity"],
        as_of=parse_iso(row["as_of"]) if row["as_of"] else None,
        known_at=parse_iso(row["known_at"]),
        value=row["value"],
    )


def moments(study: Study, outcomes: Sequence[Outcome], first: int, last: int) -> list[int]:
    """When to look (ms), in order: as the rows say, or in even steps from four weeks after the first record on."""
    if study.every_days is None:
        return sorted({one.as_of for one in outcomes if one.as_of is not None})
    step, horizon = study.every_days * DAY_MS, study.horizon_days * DAY_MS
    begin = (first // DAY_MS + 28) * DAY_MS
    return list(range(begin, last - horizon + 1, step))
