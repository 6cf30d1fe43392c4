"""Meetings are planned, moved, called off and held; after each the next one is planned."""

from msgspec.structs import replace

from revloop.contracts.times import DAY_MS, HOUR_MS, MINUTE_MS
from revloop.simulate import words
from revloop.simulate.keys import event_id
from revloop.simulate.records import Meeting
from revloop.simulate.world.life import Life

MOVED, CANCELLED, SAME_DAY = 0.12, 0.06, 0.08
GAPS = ((60, (10, 17)), (25, (18, 27)), (15, (28, 45)))
"""How long it takes until the next meeting, in days."""


def plan(life: Life, at: int) -> None:
    """Put the next meeting into the calendar, a few days before; and plan the one after it."""
    draws = life.draws
    if not life.people:
        life.later(at + 10 * DAY_MS, plan)
        return
    if not life.meets:
        life.later(at + 7 * DAY_MS, plan)
        return
    low, high = draws.weighted(GAPS)
    start = life.on_work_day(at // DAY_MS + draws.between(low, high)) // (30 * MINUTE_MS) * 30 * MINUTE_MS
    notice = 3 * HOUR_MS if draws.chance(SAME_DAY) else draws.between(2, 9) * DAY_MS
    life.later(max(start - notice, at + HOUR_MS), _invite, start)


def _invite(life: Life, at: int, start: int) -> None:
    draws = life.draws
    if not life.meets or not life.people or start <= at:
        life.later(at + DAY_MS, plan)
        return
    meeting = hold(life, at, start)
    if draws.chance(MOVED) and start - at > 2 * DAY_MS:
        later = life.on_work_day(start // DAY_MS + draws.between(2, 6)) // (30 * MINUTE_MS) * 30 * MINUTE_MS
        life.later(at + (start - at) // 2, _move, meeting.id, later)
        life.later(later + HOUR_MS, _over, meeting.id)
        life.later(later + 2 * HOUR_MS, plan)
        return
    if draws.chance(CANCELLED):
        life.later(start - min(HOUR_MS, (start - at) // 2), _cancel, meeting.id)
    life.later(start + HOUR_MS, _over, meeting.id)
    life.later(start + 2 * HOUR_MS, plan)


def hold(life: Life, at: int, start: int) -> Meeting:
    """A meeting with one or two people of the account."""
    draws = life.draws
    guests = {draws.pick(life.people).email for _ in range(draws.between(1, 2))}
    meeting = Meeting(
        account=life.account.id,
        id=event_id(*life.name("meeting")),
        changed=at,
        title=draws.pick(words.TOPICS),
        start=start,
        minutes=draws.pick((30, 45, 60)),
        host=words.seller_address(life.account.owner),
        guests=tuple(sorted(guests)),
        created=at,
    )
    life.meetings[meeting.id] = meeting
    life.tell(meeting)
    return meeting


def _move(life: Life, at: int, meeting_id: str, start: int) -> None:
    meeting = replace(life.meetings[meeting_id], changed=at, start=start)
    life.meetings[meeting_id] = meeting
    life.tell(meeting)


def _cancel(life: Life, at: int, meeting_id: str) -> None:
    life.tell(replace(life.meetings[meeting_id], changed=at, cancelled=True))


def _over(life: Life, at: int, meeting_id: str) -> None:
    life.meetings.pop(meeting_id, None)
