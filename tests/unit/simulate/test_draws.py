"""Chances are the same everywhere, and as frequent as they say."""

import pytest

from revloop.simulate.draws import Draws
from revloop.simulate.world.life import is_weekend


def test_the_sequence_is_fixed() -> None:
    draws = Draws(7, "account", 3)
    assert [draws.between(0, 999) for _ in range(6)] == [904, 851, 450, 686, 382, 314]


def test_streams_do_not_depend_on_each_other() -> None:
    one, two = Draws(7, "a"), Draws(7, "b")
    alone = [Draws(7, "a").between(0, 10**6)]
    two.between(0, 10**6)
    assert [one.between(0, 10**6)] == alone
    assert Draws(8, "a").between(0, 10**6) != alone[0]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_shares(share: float) -> None:
    draws = Draws(1, "share", str(share))
    assert abs(sum(draws.chance(share) for _ in range(20_000)) / 20_000 - share) < 0.015


def test_weights_and_bounds() -> None:
    draws = Draws(1, "weights")
    found = [draws.weighted(((80, "often"), (20, "seldom"))) for _ in range(10_000)]
    assert 0.78 < found.count("often") / 10_000 < 0.82
    assert {draws.between(3, 5) for _ in range(200)} == {3, 4, 5}
    assert {draws.pick("ab") for _ in range(200)} == {"a", "b"}


def test_working_hours() -> None:
    draws = Draws(1, "hours")
    for day in range(19_700, 19_800):
        assert 7 <= (draws.at_work(day) // 3_600_000) % 24 < 19


def test_weekends() -> None:
    assert [is_weekend(day) for day in range(7)] == [
        False,
        False,
        True,
        True,
        False,
        False,
        False,
    ]  # from a Thursday on
