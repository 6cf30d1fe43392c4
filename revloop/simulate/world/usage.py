"""People use the product, on working days mostly; before the simulation begins they did so, too."""

from revloop.contracts.times import DAY_MS, SECOND_MS
from revloop.simulate import words
from revloop.simulate.keys import message_id
from revloop.simulate.records import Use
from revloop.simulate.world.life import Life, is_weekend

HISTORY_DAYS = 120
"""So much of the past is imported when a customer of before is connected."""
ON_WEEKENDS = 0.15
ABSENT_A_DAY = 1 / 900
"""Chance that a holiday of the whole company begins."""


def history(life: Life, at: int) -> None:
    """What was done before ``at``, told in one go."""
    today = at // DAY_MS
    for day in range(today - HISTORY_DAYS, today):
        for use in _uses(life, day):
            life.tell(use, at)


def day(life: Life, day: int) -> None:
    """What is done on one day."""
    if not life.using:
        return
    for use in _uses(life, day):
        life.tell(use)
    if life.draws.chance(ABSENT_A_DAY):
        begin = life.on_work_day(day + 1)
        life.later(begin, pause)
        life.later(begin + life.draws.between(15, 25) * DAY_MS, resume)


def pause(life: Life, at: int) -> None:
    """Nobody is there for a while."""
    life.using = False


def resume(life: Life, at: int) -> None:
    """They are back, if the account still is a customer."""
    life.using = life.contract is not None


def change(life: Life, at: int, factor: float) -> None:
    """From now on more or less is done."""
    life.level *= factor


def _uses(life: Life, day: int) -> list[Use]:
    draws = life.draws
    share = life.pace * life.level / 1000 * (ON_WEEKENDS if is_weekend(day) else 1.0)
    uses: list[Use] = []
    for person in life.people:
        if not person.user:
            continue
        rest = share
        while rest > 0 and draws.chance(rest):
            uses.append(_use(life, person.email, draws.at_work(day)))
            rest -= 1.0
    return uses


def _use(life: Life, user: str, at: int) -> Use:
    return Use(
        account=life.account.id,
        id=message_id(*life.name("use")),
        changed=at + life.draws.between(0, 999) if at % SECOND_MS == 0 else at,
        workspace=workspace(life),
        user=user,
        event=life.draws.pick(words.FEATURES),
        contract=life.contract.id if life.contract is not None else "",
    )


def workspace(life: Life) -> str:
    """The account's name in the product."""
    return f"ws_{life.seed % 1000:03d}{life.number:05d}"
