"""Lifts, intervals and calibration, held to figures worked out by hand."""

import pytest

from revloop.contracts.times import DAY_MS
from revloop.quality.measures import PERIOD_MS, Row, lift, lift_interval, reliability


def row(account: str, *, at: int = 0, came: bool = False, health: int = 100, known_at: int | None = None) -> Row:
    return Row(
        account=account,
        at=at,
        order=(health,),
        health=health,
        flagged=health < 100,
        by_rule=health < 100,
        came=came,
        known_at=at + DAY_MS if known_at is None else known_at,
    )


def test_a_lift_is_hits_over_those_of_a_random_choice() -> None:
    rows = [row(f"a{n}", came=n < 4) for n in range(20)]  # 4 of 20 have it
    assert lift(rows[:5], rows) == pytest.approx(4.0)  # 4 hits, where 5 x 0.2 = 1 was to be expected
    assert lift(rows[4:], rows) == 0.0
    assert lift([], rows) == 0.0
    assert lift(rows, rows) == pytest.approx(1.0)


def test_what_grows_with_time_is_no_lift() -> None:
    """Early on 1 of 10 has it and 1 is chosen, later 8 of 10 and 8, each by chance: pooled it would be above 1.5."""
    early = [row(f"e{n}", came=n == 0) for n in range(10)]
    late = [row(f"l{n}", at=PERIOD_MS, came=n < 8) for n in range(10)]
    chosen = [early[1], *late[1:9]]
    assert lift(chosen, [*early, *late]) == pytest.approx(7 / (0.1 + 8 * 0.8))
    pooled = (7 / 9) / (9 / 20)
    assert pooled > 1.5


def test_an_interval_holds_the_lift_and_is_the_same_each_time() -> None:
    rows = [row(f"a{n}", came=n % 5 == 0, health=50 if n % 3 == 0 else 100) for n in range(300)]
    chosen = [one for one in rows if one.flagged]
    found = lift_interval(chosen, rows)
    assert found.low < lift(chosen, rows) < found.high
    assert found.low < 1.0 < found.high, "every fifth and every third have nothing to do with each other"
    assert lift_interval(chosen, rows) == found


def test_many_rows_of_one_account_are_not_many_witnesses() -> None:
    alone = [row(f"a{n}", came=n % 4 == 0, health=50 if n < 50 else 100) for n in range(100)]
    repeated = [row(f"a{n % 10}", came=n % 10 < 3, health=50 if n % 10 < 5 else 100) for n in range(100)]
    narrow = lift_interval([one for one in alone if one.flagged], alone)
    wide = lift_interval([one for one in repeated if one.flagged], repeated)
    assert wide.high - wide.low > narrow.high - narrow.low


def test_nothing_known_yet_is_nothing_learnt() -> None:
    assert reliability([row(f"a{n}", came=True, known_at=10 * DAY_MS) for n in range(5)]) is None


def test_what_is_expected_comes_from_what_was_known_by_then() -> None:
    past = [row(f"a{n}", came=n < 5, health=50) for n in range(10)]
    now = [row(f"b{n}", at=2 * DAY_MS, came=n == 0, health=50) for n in range(4)]
    found = reliability([*past, *now])
    assert found is not None
    (band,) = found.bands
    assert (band.most, band.rows) == (60, 4)
    assert band.expected == pytest.approx((5 + 10 * 0.5) / (10 + 10))
    assert band.came == pytest.approx(0.25)
    assert found.error == pytest.approx(0.25)


def test_what_comes_after_a_row_changes_nothing_it_expected() -> None:
    past = [row(f"a{n}", came=n < 5, health=50) for n in range(10)]
    now = [row("b", at=2 * DAY_MS, health=50)]
    later = [row(f"c{n}", at=3 * DAY_MS, came=True, health=10) for n in range(50)]
    alone, with_more = reliability([*past, *now]), reliability([*past, *now, *later])
    assert alone is not None
    assert with_more is not None
    assert next(one for one in with_more.bands if one.most == 60) == alone.bands[0]
