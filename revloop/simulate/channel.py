"""Facts of a day come in; deliveries in order of their moments go out, each with what it tells for the first time.

Vendors that are asked answer at fixed times with the last state of what changed; the others send at once. Messages come
twice, late or after newer ones, and answers repeat rows: that tells nothing.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import msgspec

from revloop.contracts.times import DAY_MS, HOUR_MS, MINUTE_MS, iso
from revloop.simulate.draws import Draws
from revloop.simulate.records import Record, Use
from revloop.simulate.wire import segment
from revloop.simulate.wire.form import Json, Poll, Push, Row
from revloop.simulate.wire.google_calendar import token
from revloop.simulate.wire.vendors import POLLS, asked_for, pushed
from revloop.simulate.world.life import Fact

SENT_AGAIN, TOLD_AGAIN, LATE = 0.015, 0.03, 0.02
BATCH = 100

_encode = msgspec.json.Encoder().encode


class Heard(msgspec.Struct, frozen=True, gc=False):
    """A record as it becomes known to whoever gets the deliveries."""

    at: int
    number: int
    """Of the account."""
    connector: str
    record: Record
    baseline: bool
    """Told by the first answer of its resource: it was there before."""


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """What reaches us, and what of it is news."""

    at: int
    connector: str
    mode: str
    resource: str
    request: bytes
    """Empty for what is pushed."""
    body: bytes
    news: tuple[Heard, ...]


class Channel:
    """Remembers what waits for the next question, and what is still on its way."""

    def __init__(self, seed: int) -> None:
        self._draws = Draws(seed, "channel")
        self._waiting: list[dict[str, tuple[int, Record]]] = [{} for _ in POLLS]
        self._again: list[dict[str, tuple[int, Record]]] = [{} for _ in POLLS]
        self._places = {(poll.connector, poll.resource): place for place, poll in enumerate(POLLS)}
        self._asked: list[int | None] = [None for _ in POLLS]
        self._on_way: list[tuple[int, int, Delivery]] = []
        self._count = 0

    def day(self, day: int, facts: Iterable[Fact]) -> Iterator[Delivery]:
        """The deliveries of a day; facts may come in any order."""
        moments = sorted({minute for poll in POLLS for minute in poll.minutes})
        questions = [day * DAY_MS + minute * MINUTE_MS for minute in moments]
        ordered = sorted(facts, key=_order)
        place = 0
        for question in questions:
            begin = place
            while place < len(ordered) and ordered[place][0] <= question:
                place += 1
            self._take(ordered[begin:place])
            self._ask(question, (question - day * DAY_MS) // MINUTE_MS)
        self._take(ordered[place:])
        while self._on_way and self._on_way[0][0] <= (day + 1) * DAY_MS:
            yield heapq.heappop(self._on_way)[2]

    def _take(self, facts: Sequence[Fact]) -> None:
        for (at, number, used), group in groupby(facts, key=_sender):
            if used:
                self._send_uses(at, number, [fact[3] for fact in group])
                continue
            for _, _, _, record in group:
                for name in asked_for(record):
                    self._wait(self._waiting[self._places[name]], number, record)
                if (push := pushed(record)) is not None:
                    self._send(push, at, number, [record])

    @staticmethod
    def _wait(waiting: dict[str, tuple[int, Record]], number: int, record: Record) -> None:
        """A system answers with the last state that it has: an older one that comes later is none."""
        known = waiting.get(record.id)
        if known is None or known[1].changed <= record.changed:
            waiting[record.id] = (number, record)

    def _send_uses(self, at: int, number: int, uses: list[Record]) -> None:
        found = [use for use in uses if isinstance(use, Use)]
        for begin in range(0, len(found), BATCH):
            part = found[begin : begin + BATCH]
            late = self._draws.between(1, 140) * HOUR_MS if self._draws.chance(LATE) else 0
            self._send(segment.push(part, at + late), at + late, number, part)

    def _send(self, push: Push, at: int, number: int, records: Sequence[Record]) -> None:
        news = tuple(Heard(at, number, push.connector, record, baseline=False) for record in records)
        delivery = Delivery(at, push.connector, "webhook", push.resource, b"", _encode(push.body), news)
        self._put(delivery)
        if self._draws.chance(SENT_AGAIN):
            again = at + self._draws.between(1, 2_000) * MINUTE_MS
            self._put(msgspec.structs.replace(delivery, at=again, news=()))

    def _ask(self, at: int, minute: int) -> None:
        for place, poll in enumerate(POLLS):
            if minute not in poll.minutes:
                continue
            told, again = self._waiting[place], self._again[place]
            rows = sorted({**again, **told}.values(), key=_age)
            if rows or poll.when_empty:
                self._answer(poll, place, at, rows, told)
            self._asked[place] = at
            self._waiting[place] = {}
            self._again[place] = {name: item for name, item in sorted(told.items()) if self._draws.chance(TOLD_AGAIN)}

    def _answer(
        self,
        poll: Poll,
        place: int,
        at: int,
        rows: Sequence[tuple[int, Record]],
        told: dict[str, tuple[int, Record]],
    ) -> None:
        for page, begin in enumerate(range(0, max(len(rows), 1), poll.size), 1):
            part = rows[begin : begin + poll.size]
            written: list[Row] = [poll.row(record) for _, record in part]
            news = tuple(
                Heard(at, number, poll.connector, record, self._asked[place] is None)
                for number, record in part
                if record.id in told
            )
            request = _encode(self._request(poll, place, page))
            body = _encode(poll.page(written, at))
            self._put(Delivery(at, poll.connector, "poll", poll.resource, request, body, news))

    def _request(self, poll: Poll, place: int, page: int) -> dict[str, Json]:
        last = self._asked[place]
        request: dict[str, Json] = {"modified_since": None if last is None else iso(last), "page": page}
        if poll.synced:
            request["sync_token"] = None if last is None else token(last)
        return request

    def _put(self, delivery: Delivery) -> None:
        self._count += 1
        heapq.heappush(self._on_way, (delivery.at, self._count, delivery))


def _order(fact: Fact) -> tuple[int, int, int]:
    return fact[:3]


def _sender(fact: Fact) -> tuple[int, int, bool]:
    return fact[0], fact[1], isinstance(fact[3], Use)


def _age(item: tuple[int, Record]) -> tuple[int, str]:
    return item[1].changed, item[1].id
