"""The rules of the truth on small hand-made worlds, at the edges that the catalogue names."""

from collections.abc import Iterable

import pytest

from revloop.contracts.times import DAY_MS
from revloop.simulate.channel import Heard
from revloop.simulate.records import Contract, Deal, Meeting, Part, Record, Relation, Stage, Task, Ticket, Use
from revloop.simulate.truth.contracts import Contracts
from revloop.simulate.truth.deals import Cycles, Deals, percentile
from revloop.simulate.truth.judge import Rule
from revloop.simulate.truth.meetings import Meetings
from revloop.simulate.truth.milestones import Milestones
from revloop.simulate.truth.people import People
from revloop.simulate.truth.sayings import Sayings
from revloop.simulate.truth.support import Support
from revloop.simulate.truth.usage import Usage

A = "001"
D = DAY_MS
Told = tuple[float, Record]


def said(
    rule: Rule, told: Iterable[Told], days: int, *, baseline: bool = False
) -> list[tuple[str, str, float, float | None]]:
    """(signal, change, day, value) of everything said until the tick of a day; records are heard on their day."""
    say, waiting = Sayings(), sorted(told, key=lambda item: item[0])
    for day in range(1, days + 1):
        while waiting and waiting[0][0] <= day:
            at, record = waiting.pop(0)
            rule.hear(Heard(int(at * D), 0, "x", record, baseline), say)
        rule.tick(day * D, say)
    return [(one.signal, one.change, one.at / D, one.value) for one in say.said]


def use(day: float, name: str = "") -> Told:
    at = int(day * D)
    return day, Use(account=A, id=f"{day}{name}", changed=at, workspace="w", user="u", event="e")


def ticket(
    day: float, status: str = "open", *, priority: str = "high", name: str = "t", at: float | None = None
) -> Told:
    heard = day if at is None else at
    record = Ticket(
        account=A, id=name, changed=int(heard * D), organization="o", requester="r", subject="s",
        priority=priority, status=status, created=int(day * D),
    )  # fmt: skip
    return heard, record


def deal(at: float, **more: object) -> Told:
    fields: dict[str, object] = {"stage": Stage.DISCOVERY, "amount": 100.0, "close": 200}
    fields |= more
    return at, Deal(account=A, id="d", changed=int(at * D), name="n", created=D, owner="o", **fields)  # type: ignore[arg-type]  # the test names them


# --- usage


def test_half_is_a_drop_and_more_than_half_is_none() -> None:
    """Six in the 90 days before are two a month: one in the last 30 is half."""
    before = [use(day) for day in (5, 20, 35, 50, 65, 80)]
    assert ("USAGE_DROP_PERCENT", "opened", 110, 50.0) in said(Usage(A), [*before, use(100)], 120)
    assert not [row for row in said(Usage(A), [*before, use(100), use(101)], 120) if row[0] == "USAGE_DROP_PERCENT"]


def test_two_uses_are_no_habit() -> None:
    assert said(Usage(A), [use(10), use(50)], 130) == []


def test_half_as_much_again_is_a_spike() -> None:
    """Three in the days before are one a month: two are twice that."""
    found = said(Usage(A), [use(5), use(30), use(60), use(100), use(110)], 120)
    assert [row for row in found if row[0] == "USAGE_SPIKE"][-1] == ("USAGE_SPIKE", "opened", 110, 200.0)


def test_midnight_belongs_to_the_day_that_ends_there() -> None:
    before = [use(day) for day in (1, 20, 40)]
    assert said(Usage(A), [*before, use(71)], 100) == said(Usage(A), [*before, use(70.5)], 100)


def test_late_news_may_end_a_drop_between_ticks() -> None:
    before = [use(day) for day in (5, 20, 35, 50, 65, 80)]
    late = [(120.5, use(110)[1]), (120.6, use(111)[1])]
    found = said(Usage(A), [*before, *late], 121)
    assert ("USAGE_DROP_PERCENT", "cleared", 120.6, None) in found


# --- support


def test_a_severe_ticket_ages_in_steps_at_ticks() -> None:
    found = [row for row in said(Support(A), [ticket(1.5), ticket(1.5, "solved", at=6.2)], 8) if "SEV2" in row[0]]
    assert [row[1:] for row in found] == [
        ("opened", 3, 24),
        ("raised", 4, 48),
        ("raised", 5, 72),
        ("cleared", 6.2, None),
    ]


def test_solved_within_the_tick_was_never_old() -> None:
    assert not [row for row in said(Support(A), [ticket(1), ticket(1, "solved", at=2)], 4) if "SEV2" in row[0]]


@pytest.mark.parametrize(
    ("severe", "aged", "score"), [(2, 0, 9.0), (1, 2, None), (0, 5, 5.0), (1, 3, 5.0)],
)  # fmt: skip
def test_the_score(severe: int, aged: int, score: float | None) -> None:
    tickets = [ticket(20, name=f"s{n}") for n in range(severe)]
    tickets += [ticket(13, priority="normal", name=f"a{n}") for n in range(aged)]
    found = [row for row in said(Support(A), tickets, 20) if row[0] == "SUPPORT_RISK_EMERGING"]
    assert [row[3] for row in found] == ([] if score is None else [score])


def test_reopened_and_escalated() -> None:
    solved = ticket(1, "solved", at=2)
    found = said(Support(A), [ticket(1, priority="low"), solved, ticket(1, "open", priority="low", at=3)], 3)
    assert ("TICKET_REOPENED", "happened", 3, None) in found


# --- meetings


def meeting(told: float, start: float, *, cancelled: bool = False, name: str = "m") -> Told:
    record = Meeting(
        account=A, id=name, changed=int(told * D), title="t", start=int(start * D), minutes=30, host="h",
        guests=("g",), created=int(told * D), cancelled=cancelled,
    )  # fmt: skip
    return told, record


def test_three_weeks_without_a_meeting() -> None:
    found = said(Meetings(A), [meeting(1, 2), meeting(20, 30, name="n")], 31)
    assert [row[1:] for row in found if row[0].startswith("NO_")] == [("opened", 23, 21), ("cleared", 30, None)]


def test_one_called_off_breaks_no_silence() -> None:
    found = said(Meetings(A), [meeting(1, 2), meeting(5, 10, name="n"), meeting(6, 10, cancelled=True, name="n")], 24)
    assert ("NO_MEETING_IN_21_DAYS", "opened", 23, 21) in found


def test_upcoming_within_a_day_until_it_starts() -> None:
    found = said(Meetings(A), [meeting(1, 5)], 6)
    assert [row[1:3] for row in found if row[0] == "MEETING_UPCOMING"] == [("opened", 4), ("cleared", 5)]


# --- contracts and milestones


def contract(at: float, ends: int, over: float | None = None) -> Told:
    record = Contract(
        account=A, id="C", changed=int(at * D), starts=0, ends=ends, plan="p", amount=1, seats=1, customer="c",
        signed=0, in_crm=True, in_billing=True, over=None if over is None else int(over * D),
    )  # fmt: skip
    return at, record


def test_ninety_days_before_the_end() -> None:
    assert [row[1:] for row in said(Contracts(A), [contract(1, 100)], 110)] == [
        ("opened", 10, 90),
        ("cleared", 100, None),
    ]


def test_renewed_and_an_older_notice_after_it() -> None:
    found = said(Contracts(A), [contract(1, 100), contract(50.5, 465), contract(50.6, 100)], 110)
    assert [row[1:3] for row in found] == [("opened", 10), ("cleared", 50.5)]


def task(at: float, due: float) -> Told:
    return at, Task(account=A, id="k", changed=int(at * D), company="c", subject="s", due=int(due * D))


def reached(at: float) -> Told:
    return at, Use(account=A, id="x", changed=int(at * D), workspace="w", user="u", event="e", milestone="k")


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ([], [("opened", 11), ("cleared", 25)]),
        ([reached(9)], []),
        ([reached(15.5)], [("opened", 11), ("cleared", 15.5)]),
        ([contract(12.5, 400, over=12.5)], [("opened", 11), ("cleared", 12.5)]),
    ],
)
def test_a_deadline_is_missed_for_two_weeks(more: list[Told], wanted: list[tuple[str, float]]) -> None:
    assert [row[1:3] for row in said(Milestones(A), [task(1, 10), *more], 30)] == wanted


# --- deals


@pytest.mark.parametrize(
    ("after", "wanted"),
    [
        ({"close": 201}, [("CLOSE_DATE_SLIPPED", 1.0)]),
        ({"close": 194}, []),
        ({"close": 193}, [("CLOSE_DATE_PULLED_IN", -7.0)]),
        ({"amount": 105.0}, [("AMOUNT_CHANGED", 0.05)]),
        ({"amount": 104.0}, []),
        ({"stage": Stage.PROPOSAL}, [("STAGE_CHANGED", None)]),
        ({"stage": Stage.QUALIFICATION}, [("STAGE_CHANGED", None), ("STAGE_REGRESSED", -1.0)]),
        ({"amount": None}, [("DATA_QUALITY", None)]),
        ({"amount": -5.0}, [("AMOUNT_CHANGED", -1.05), ("DATA_QUALITY", None)]),
        ({"close": 25_932}, [("CLOSE_DATE_SLIPPED", 25_732.0)]),
        ({"close": 25_933}, [("CLOSE_DATE_SLIPPED", 25_733.0), ("DATA_QUALITY", None)]),
    ],
)
def test_changes_of_a_deal(after: dict[str, object], wanted: list[tuple[str, float | None]]) -> None:
    found = said(Deals(A, Cycles()), [deal(1), deal(2, **after)], 2)
    assert [(row[0], row[3]) for row in found] == wanted


def test_a_deal_stalls_after_thirty_days_and_moves_on() -> None:
    found = said(Deals(A, Cycles()), [deal(1), deal(40.5, stage=Stage.PROPOSAL)], 41)
    assert [row[:3] for row in found if row[0] == "DEAL_STALLED"] == [
        ("DEAL_STALLED", "opened", 31),
        ("DEAL_STALLED", "cleared", 40.5),
    ]


def test_nine_in_ten() -> None:
    assert percentile({10: 9, 50: 1}) == 10
    assert percentile({10: 8, 50: 2}) == 50
    assert percentile({7: 1}) == 7


# --- people


def relation(at: float, *, active: bool = True, part: Part = Part.CHAMPION) -> Told:
    record = Relation(
        account=A, id="r", changed=int(at * D), contact="c", email="e", part=part, active=active, started=1, ended=None
    )
    return at, record


def test_one_batch_a_day() -> None:
    changed = [relation(3.2, part=Part.USER), relation(3.4, active=False)]
    found = said(People(A), [relation(1.5), *changed], 5)
    assert [row[1:] for row in found] == [("happened", 2, 1.0), ("happened", 4, 1.0)]


def test_who_comes_and_goes_within_a_day_changed_nothing() -> None:
    assert said(People(A), [relation(1.2), relation(1.4, active=False)], 3) == []


def test_who_was_there_before_is_no_news() -> None:
    assert said(People(A), [relation(1.2)], 3, baseline=True) == []
