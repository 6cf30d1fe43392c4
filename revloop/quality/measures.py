"""Rows of who was judged how and what came of it go in; shares, lifts with intervals, and calibration come out."""

import random
from collections.abc import Sequence

import msgspec

from revloop.contracts.times import DAY_MS

SAMPLES = 400
SEED = 20_111
PERIOD_MS = 30 * DAY_MS
BANDS = (20, 40, 60, 80, 90, 99, 100)
"""Upper bounds of health (0 to 100), by which rows are put together to see what came of such."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One account, or case, at one moment."""

    account: str
    at: int
    order: tuple[float, ...]
    """Ranks within the moment, worst first."""
    health: int
    flagged: bool
    """Whether its state told a risk."""
    by_rule: bool
    """Whether the single rule flags it."""
    came: bool
    known_at: int
    """When it is known whether the outcome came (ms)."""
    lead_days: float | None = None
    """From when its oldest risk was told to the outcome; None without one."""
    size: float = 0.0


class Interval(msgspec.Struct, frozen=True):
    """95 % by drawing accounts again, each with all of its rows."""

    low: float
    high: float


class Band(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of similar health: what was to be expected from the past, and what came."""

    most: int
    rows: int
    expected: float
    came: float


class Reliability(msgspec.Struct, frozen=True, kw_only=True):
    """Expected and seen shares, and their mean distance weighted by rows (expected calibration error)."""

    bands: tuple[Band, ...]
    error: float
    rows: int


def lift(chosen: Sequence[Row], rows: Sequence[Row]) -> float:
    """How many of ``chosen`` had the outcome over how many of a random choice in the same 30 days would have had it.

    Within such periods, as outcomes may grow more frequent with time and risks, too: one would seem to tell the other.
    0 for none chosen.
    """
    base = _base_rates(rows)
    expected = sum(base[row.at // PERIOD_MS] for row in chosen)
    return sum(row.came for row in chosen) / expected if expected else 0.0


def lift_interval(chosen: Sequence[Row], rows: Sequence[Row]) -> Interval:
    """Of the lift; rows of one account are no independent evidence, so accounts are drawn, with a fixed seed.

    The share of all rows in a period is taken as it is.
    """
    base = _base_rates(rows)
    sums: dict[str, tuple[int, float]] = {row.account: (0, 0.0) for row in rows}
    for row in chosen:
        hits, expected = sums[row.account]
        sums[row.account] = (hits + row.came, expected + base[row.at // PERIOD_MS])
    accounts = [own for _, own in sorted(sums.items())]
    draw = random.Random(SEED)  # noqa: S311 - it draws samples, and the same ones each time
    lifts = []
    for _ in range(SAMPLES):
        hits, expected = map(sum, zip(*draw.choices(accounts, k=len(accounts)), strict=True))
        if expected:
            lifts.append(hits / expected)
    lifts.sort()
    if not lifts:
        return Interval(0.0, 0.0)
    return Interval(lifts[int(len(lifts) * 0.025)], lifts[min(len(lifts) - 1, int(len(lifts) * 0.975))])


def _base_rates(rows: Sequence[Row]) -> dict[int, float]:
    """The share of all rows with the outcome, by period."""
    counts: dict[int, tuple[int, int]] = {}
    for row in rows:
        count, came = counts.get(row.at // PERIOD_MS, (0, 0))
        counts[row.at // PERIOD_MS] = (count + 1, came + row.came)
    return {period: came / count for period, (count, came) in counts.items()}


def reliability(rows: Sequence[Row]) -> Reliability | None:
    """What share was to be expected of each row, from those outcomes of its band that were known by then.

    Parameters are learnt from the tenant's own past alone. A band of which little is known leans to the share of all:
    as if ten more had come out like the mean. Rows before the first known outcome are left out; None where all are.
    """
    past = sorted(rows, key=lambda row: row.known_at)
    known: dict[int, list[int]] = {band: [0, 0] for band in BANDS}
    judged: dict[int, list[tuple[float, bool]]] = {band: [] for band in BANDS}
    place = 0
    for row in sorted(rows, key=lambda row: (row.at, row.account)):
        while place < len(past) and past[place].known_at <= row.at:
            own = known[_band(past[place].health)]
            own[0] += 1
            own[1] += past[place].came
            place += 1
        count, came = (sum(own[number] for own in known.values()) for number in (0, 1))
        if not count:
            continue
        band = _band(row.health)
        expected = (known[band][1] + 10 * came / count) / (known[band][0] + 10)
        judged[band].append((expected, row.came))
    bands = tuple(
        Band(
            most=band,
            rows=len(own),
            expected=sum(expected for expected, _ in own) / len(own),
            came=sum(came for _, came in own) / len(own),
        )
        for band, own in judged.items()
        if own
    )
    total = sum(band.rows for band in bands)
    if not total:
        return None
    error = sum(abs(band.expected - band.came) * band.rows for band in bands) / total
    return Reliability(bands=bands, error=error, rows=total)


def _band(health: int) -> int:
    return next(band for band in BANDS if health <= band)
