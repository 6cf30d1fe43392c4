"""Vendors that are asked tell the last state; what comes twice or again is no news; everybody's clock is kept."""

import json

from revloop.contracts.times import DAY_MS, HOUR_MS, MINUTE_MS
from revloop.simulate.channel import Channel, Delivery
from revloop.simulate.records import Ticket, Use
from revloop.simulate.world.life import Fact

DAY = 19_723


def ticket(hour: float, status: str, name: str = "7") -> Fact:
    at = DAY * DAY_MS + int(hour * HOUR_MS)
    record = Ticket(
        account="001", id=name, changed=at, organization="1", requester="r", subject="s", priority="low",
        status=status, created=at,
    )  # fmt: skip
    return at, 0, int(hour * 60), record


def use(number: int, day: int) -> Fact:
    at = day * DAY_MS + 9 * HOUR_MS + number % 100 * MINUTE_MS
    return at, 0, number, Use(account="001", id=f"m{number}", changed=at, workspace="w", user="u", event="e")


def test_an_answer_tells_the_last_state_and_nothing_of_tomorrow() -> None:
    found = [d for d in Channel(1).day(DAY, [ticket(4, "new"), ticket(5, "open"), ticket(10, "solved")]) if d.body]
    tickets = [d for d in found if d.resource == "tickets"]
    assert [(d.at % DAY_MS) / MINUTE_MS for d in tickets] == [9 * 60 + 20, 15 * 60 + 20]
    assert [json.loads(d.body)["tickets"][0]["status"] for d in tickets] == ["open", "solved"]
    for delivery in tickets:
        assert all(news.record.changed <= delivery.at for news in delivery.news)


def test_questions_name_the_one_before() -> None:
    channel = Channel(1)
    list(channel.day(DAY, []))
    (delivery,) = [
        d for d in channel.day(DAY + 1, [(*ticket(30, "new")[:3], ticket(30, "new")[3])]) if d.resource == "tickets"
    ]
    assert json.loads(delivery.request)["modified_since"] == "2024-01-02T03:20:00Z"
    assert not delivery.news[0].baseline


def test_the_first_answer_is_what_was_there_before() -> None:
    (delivery,) = [d for d in Channel(1).day(DAY, [ticket(1, "new")]) if d.resource == "tickets"]
    assert json.loads(delivery.request)["modified_since"] is None
    assert delivery.news[0].baseline


def test_an_empty_calendar_answers_too() -> None:
    found = [d for d in Channel(1).day(DAY, []) if d.connector == "google-calendar"]
    assert len(found) == 4
    tokens = [json.loads(d.request)["sync_token"] for d in found]
    assert tokens[1:] == [json.loads(d.body)["nextSyncToken"] for d in found[:-1]]


def many() -> list[Delivery]:
    channel = Channel(3)
    facts = {day: [use(number + 100 * day, day) for number in range(100)] for day in range(DAY, DAY + 30)}
    return [d for day in range(DAY, DAY + 60) for d in channel.day(day, facts.get(day, [])) if d.connector == "segment"]


def test_messages_come_twice_and_late_and_are_news_once() -> None:
    found = many()
    told = [news.record.id for delivery in found for news in delivery.news]
    assert len(told) == len(set(told)) == 3_000
    assert 20 < sum(not delivery.news for delivery in found) < 80
    late = sum(news.at > news.record.changed for delivery in found for news in delivery.news)
    assert 30 < late < 100


def test_deliveries_are_in_order() -> None:
    moments = [delivery.at for delivery in many()]
    assert len(moments) > 3_000
    assert moments == sorted(moments)


def test_many_uses_of_one_moment_are_a_batch() -> None:
    at = use(0, DAY)[0]
    facts = [(at, 0, number, use(number, DAY - 1)[3]) for number in range(250)]
    found = [d for d in Channel(1).day(DAY, facts) if d.connector == "segment" and d.news]
    assert [len(json.loads(d.body)["batch"]) for d in found] == [100, 100, 50]
