"""What is asked of a log and what came later go in; how well its states ranked, beside simpler ways, goes out."""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from revloop.quality.asked import ask
from revloop.quality.measures import Interval, Reliability, Row, lift, lift_interval, reliability
from revloop.quality.study import BadStudy, Outcome, Study
from revloop.quality.watch import Watch

TOP = (20, 50, 100)
SHOWN_MOMENTS = 6


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """One way to choose whom to look at."""

    name: str
    flagged: int
    precision: float
    recall: float
    lift: float
    interval: Interval


class Top(msgspec.Struct, frozen=True, kw_only=True):
    """One moment: how many there were, and which share of the first 20, 50 and 100 had the outcome."""

    at: int
    rows: int
    shares: tuple[float, ...]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a study."""

    study: Study
    rows: int
    judged: int
    """Accounts, or cases."""
    moments: int
    positives: int
    rankings: tuple[Ranking, ...]
    tops: tuple[Top, ...]
    """Of every moment."""
    lead_days: tuple[float, float, float] | None
    """Quartiles of how long before the outcome its oldest risk was told; None where none was."""
    reliability: Reliability | None
    """None where no outcome was known in time to learn from."""
    new_flags: float
    """Those at risk at a moment that were not at the one before, on average."""


def examine(study: Study, watch: Watch, outcomes: Sequence[Outcome]) -> Result:
    """Judge everybody at every moment by the state of then, and compare with what came later; raises BadStudy."""
    rows = list(ask(study, watch, outcomes))
    if not any(row.came for row in rows):
        raise BadStudy(f"{study.tenant}: of {len(rows)} rows none has the outcome {study.outcome}: mend the study")
    by_moment: dict[int, list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row.at, row.order, row.account)):
        by_moment.setdefault(row.at, []).append(row)
    ranked = list(by_moment.values())
    return Result(
        study=study,
        rows=len(rows),
        judged=len({row.account for row in rows}),
        moments=len(ranked),
        positives=sum(row.came for row in rows),
        rankings=tuple(_ranking(name, chosen, rows) for name, chosen in _ways(study, rows, ranked)),
        tops=tuple(Top(at=own[0].at, rows=len(own), shares=tuple(_share(own[:k]) for k in TOP)) for own in ranked),
        lead_days=_quartiles([row.lead_days for row in rows if row.came and row.lead_days is not None]),
        reliability=reliability(rows),
        new_flags=_new_flags(ranked),
    )


def _ways(study: Study, rows: Sequence[Row], ranked: Sequence[Sequence[Row]]) -> list[tuple[str, list[Row]]]:
    """Everybody at risk; then ways that ask for as many looks at each moment as the single rule does."""
    ours, largest = list[Row](), list[Row]()
    for own in ranked:
        burden = sum(row.by_rule for row in own)
        ours += own[:burden]
        largest += sorted(own, key=lambda row: (-row.size, row.account))[:burden]
    return [
        ("everybody with a risk", [row for row in rows if row.flagged]),
        ("our ranking, as many as the rule", ours),
        (f"{study.rule} alone", [row for row in rows if row.by_rule]),
        ("the largest, as many as the rule", largest),
    ]


def _share(rows: Sequence[Row]) -> float:
    return sum(row.came for row in rows) / len(rows)


def _ranking(name: str, chosen: Sequence[Row], rows: Sequence[Row]) -> Ranking:
    hits = sum(row.came for row in chosen)
    return Ranking(
        name=name,
        flagged=len(chosen),
        precision=hits / len(chosen) if chosen else 0.0,
        recall=hits / sum(row.came for row in rows),
        lift=lift(chosen, rows),
        interval=lift_interval(chosen, rows),
    )


def _quartiles(values: list[float]) -> tuple[float, float, float] | None:
    if not values:
        return None
    values.sort()
    first, second, third = (values[min(len(values) - 1, int(len(values) * part))] for part in (0.25, 0.5, 0.75))
    return first, second, third


def _new_flags(ranked: Sequence[Sequence[Row]]) -> float:
    flagged = [{row.account for row in own if row.flagged} for own in ranked]
    counts = [len(now - before) for before, now in pairwise(flagged)]
    return sum(counts) / len(counts) if counts else 0.0
