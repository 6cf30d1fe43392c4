"""What was agreed upon is due on a day, and is reached in time, late or never."""

from revloop.contracts.times import DAY_MS, HOUR_MS
from revloop.simulate import words
from revloop.simulate.keys import message_id, number
from revloop.simulate.records import Task, Use
from revloop.simulate.world.life import Life
from revloop.simulate.world.usage import workspace

IN_TIME, LATE = 80, 14
"""In a hundred; the rest is never reached."""


def agree(life: Life, at: int, days: tuple[int, ...], *, reached: bool = True) -> None:
    """Milestones due so many days after ``at``; with ``reached`` false nothing will come of them."""
    for after in days:
        due = (at // DAY_MS + after) * DAY_MS + 17 * HOUR_MS
        task = Task(
            account=life.account.id,
            id=str(number(12, *life.name("task"))),
            changed=at,
            company=life.company.id,
            subject=life.draws.pick(words.MILESTONES),
            due=due,
        )
        life.tell(task)
        if reached:
            _promise(life, task)


def quarterly(life: Life, at: int) -> None:
    """A goal for the quarter, and the next one three months later."""
    if life.contract is not None:
        agree(life, at, (life.draws.between(25, 50),))
    life.later(life.on_work_day(at // DAY_MS + 91), quarterly)


def _promise(life: Life, task: Task) -> None:
    draws = life.draws
    fate = draws.between(1, 100)
    if fate <= IN_TIME:
        life.later(task.due - draws.between(1, 9) * DAY_MS, _reach, task.id)
    elif fate <= IN_TIME + LATE:
        life.later(task.due + draws.between(2, 20) * DAY_MS, _reach, task.id)


def _reach(life: Life, at: int, task_id: str) -> None:
    life.tell(
        Use(
            account=life.account.id,
            id=message_id(*life.name("milestone")),
            changed=at,
            workspace=workspace(life),
            user=life.people[0].email if life.people else "",
            event="Milestone Reached",
            milestone=task_id,
        )
    )
