"""Each measure counts what it says over a small log made by hand."""

from collections.abc import Mapping

import msgspec
import pytest

from revloop.contracts.generated.events import SignalChangeKind
from revloop.contracts.times import DAY_MS, parse_iso
from revloop.integrations.record import Record, Scalar
from revloop.replay.measures import (
    Active,
    Changes,
    Condition,
    Distinct,
    Figure,
    Measure,
    Records,
    Said,
    SignalLog,
    Tally,
    Ticks,
    When,
)

DROP = "USAGE_DROP_PERCENT"
OPENED, RAISED, CLEARED = SignalChangeKind.opened, SignalChangeKind.raised, SignalChangeKind.cleared
EXPIRED, HAPPENED = SignalChangeKind.expired, SignalChangeKind.happened


class Log(SignalLog):
    """A log written line by line."""

    def say(self, day: int, change: SignalChangeKind, signal_id: str = "s1", **other: object) -> "Log":
        values: dict[str, object] = {"account": "a", "entity": "e", "value": None, "figures": {}, **other}
        self._by_type.setdefault(DROP, []).append(Said(signal_id=signal_id, change=change, at=day * DAY_MS, **values))
        return self


def active(log: Log, *days: int) -> int:
    ticks = Ticks(at=("1970-01-01",), starts={"a": "1970-01-01"}, days=days)
    return Active(signal=DROP, ticks=ticks).count_in(log)


def test_a_signal_is_active_from_its_tick_until_before_the_one_that_ends_it() -> None:
    log = Log().say(3, OPENED).say(5, RAISED).say(7, CLEARED)
    assert [active(log, day) for day in range(2, 9)] == [0, 1, 1, 1, 1, 0, 0]


def test_one_account_counts_once_a_tick_however_many_signals_it_has() -> None:
    log = Log().say(3, OPENED, "s1").say(3, OPENED, "s2").say(4, CLEARED, "s1").say(3, OPENED, "s3", account="ba")
    assert active(log, 3, 4) == 4


def test_a_signal_that_never_ends_stays() -> None:
    assert active(Log().say(3, HAPPENED), 3000) == 1
    assert active(Log().say(3, HAPPENED).say(33, EXPIRED), 3000) == 0


def test_ticks_follow_the_end_of_the_account_key() -> None:
    ticks = Ticks(at=("1970-01-03",), starts={"-J": "1970-10-01", "-B": "1970-02-01"}, days=(0, 14))
    assert list(ticks.of("7-B")) == [2 * DAY_MS, parse_iso("1970-02-01"), parse_iso("1970-02-15")]
    assert list(ticks.of("7")) == [2 * DAY_MS]


@pytest.mark.parametrize(
    ("count", "wanted"), [(Distinct.EACH, 4), (Distinct.ENTITIES, 3), (Distinct.ACCOUNTS, 2)], ids=lambda v: str(v)
)
def test_changes_are_counted_each_or_by_what_they_are_about(count: Distinct, wanted: int) -> None:
    log = Log().say(1, OPENED).say(2, RAISED).say(3, OPENED, entity="f").say(4, OPENED, account="b").say(5, CLEARED)
    assert Changes(signal=DROP, change=(OPENED, RAISED), count=count).count_in(log) == wanted


def test_changes_within_a_time_and_above_a_value() -> None:
    log = Log().say(1, OPENED, value=24).say(2, RAISED, value=48).say(3, RAISED)
    both = Changes(signal=DROP, change=(OPENED, RAISED), begin="1970-01-02", until="1970-01-03")
    assert both.count_in(log) == 2
    assert Changes(signal=DROP, change=(OPENED, RAISED), min_value=48).count_in(log) == 1
    assert Changes(signal="OTHER", change=(OPENED,)).count_in(log) == 0


def test_a_figure_is_summed_over_what_opened() -> None:
    log = Log().say(1, HAPPENED, figures={"added": 2}).say(2, HAPPENED, "s2", figures={"added": 3.0, "removed": 9})
    log.say(3, EXPIRED, figures={"added": 2})
    assert Figure(signal=DROP, figure="added").count_in(log) == 5


def record(
    number: int, fields: Mapping[str, Scalar], accounts: tuple[str, ...] = ("a",), kind: str = "usage"
) -> Record:
    return Record(
        entity_type=kind, entity_id=str(number), entity_key=str(number), accounts=accounts, version=1, occurred_at=1,
        fields=dict(fields),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "wanted"),
    [
        (Records(entity="usage"), 5),
        (Records(entity="usage", count=Distinct.ENTITIES), 4),
        (Records(entity="usage", count=Distinct.ACCOUNTS), 2),
        (Records(entity="usage", connector="segment"), 4),
        (Records(entity="usage", account=False), 1),
        (Records(entity="usage", sum="n"), 9),
        (Records(entity="usage", where=(Condition(field="n", above=2.0),)), 2),
        (Records(entity="usage", where=(Condition(field="n", at_most=2),)), 2),
        (Records(entity="usage", where=(Condition(field="n", one_of=(None,)),)), 1),
        (Records(entity="usage", where=(Condition(field="t", above="2040-12-31"),)), 1),
        (Records(entity="usage", where=(Condition(field="t", begins="20"),)), 2),
        (
            Records(
                entity="usage", any=True, where=(Condition(field="n", one_of=(None,)), Condition(field="n", above=2))
            ),
            3,
        ),
        (Records(entity="usage", count=Distinct.ENTITIES, where=(Condition(field="n", one_of=(1,)),)), 1),
        (
            Records(
                entity="usage", count=Distinct.ENTITIES, when=When.LAST, where=(Condition(field="n", one_of=(1,)),)
            ),
            0,
        ),
        (Records(entity="usage", several="n"), 1),
    ],
)
def test_records_are_counted_as_asked(measure: Records, wanted: int) -> None:
    tally = Tally(measure)
    tally.add("segment", record(1, {"n": 1, "t": "2041-01-01"}))
    tally.add("segment", record(1, {"n": 3, "t": "2040-12-31"}))
    tally.add("segment", record(2, {"n": 3}, ("a", "b")))
    tally.add("segment", record(3, {"n": None}, ()))
    tally.add("amplitude", record(4, {"n": 2, "t": True}))
    tally.add("segment", record(5, {"n": 100}, kind="meeting"))
    assert tally.result() == wanted


def test_a_measure_is_data() -> None:
    text = b'{"of": "active", "signal": "X", "ticks": {"at": ["2011-04-01"]}}'
    assert isinstance(msgspec.json.decode(text, type=Measure), Active)  # type: ignore[arg-type]  # a union is a type
    with pytest.raises(msgspec.ValidationError, match="unknown field `colour`"):
        msgspec.json.decode(b'{"of": "changes", "signal": "X", "change": [], "colour": 1}', type=Measure)  # type: ignore[arg-type]  # as above
