"""Deals are opened, move through their stages, slip, and are won or lost."""

from collections.abc import Sequence
from enum import StrEnum

from msgspec.structs import replace

from revloop.contracts.times import DAY_MS
from revloop.simulate.keys import salesforce_id
from revloop.simulate.records import Deal, Part, Stage
from revloop.simulate.world import people
from revloop.simulate.world.life import Life, Outcome, Step

ORDER = tuple(Stage)
Script = Sequence[tuple[int, Step, tuple[object, ...]]]
"""(days ahead, step, its arguments after the deal)."""
GROWN_A_DAY = 1 / 260
"""Chance that somebody thinks of more."""
MOST_DAYS = 170
FAR_DAY = 26_000
"""A day of 2041 that nobody can mean."""
FAULTY = 0.3
"""Share of deals that are entered with a value missing or wrong; it is mended days later."""


class Move(StrEnum):
    """What can happen to a deal."""

    ADVANCE = "advance"
    WAIT = "wait"
    SLIP = "slip"
    PULL_IN = "pull in"
    AMOUNT = "amount"
    REGRESS = "regress"


MOVES = (
    (42, Move.ADVANCE),
    (18, Move.WAIT),
    (14, Move.SLIP),
    (8, Move.PULL_IN),
    (11, Move.AMOUNT),
    (7, Move.REGRESS),
)


def day(life: Life, day: int) -> None:
    """Without a cause: a customer asks for more, or somebody new shows interest."""
    if not life.deals and life.people and life.draws.chance(GROWN_A_DAY):
        life.later(life.draws.at_work(day), grow)


def grow(life: Life, at: int) -> None:
    """A deal that finds its own way."""
    deal = begin(life, at, "More seats", float(life.draws.between(20, 400) * 100 * life.size))
    life.later(_next(life, at), move, deal.id, None)


def begin(life: Life, at: int, name: str, amount: float) -> Deal:
    """A new deal, with some of the people in it."""
    draws = life.draws
    deal = Deal(
        account=life.account.id,
        id=salesforce_id("006", *life.name("deal")),
        changed=at,
        name=f"{life.account.name}: {name}",
        stage=Stage.QUALIFICATION,
        amount=amount,
        close=at // DAY_MS + draws.between(50, 110),
        created=at,
        owner=life.account.owner,
    )
    if draws.chance(FAULTY):
        life.later(life.on_work_day(at // DAY_MS + draws.between(3, 12)), _mend, deal.id, deal.amount, deal.close)
        deal = _spoilt(deal, draws.between(1, 4))
    _keep(life, deal)
    involved = life.people[: draws.between(1, 3)] if draws.chance(0.55) else life.people
    life.deal_roles[deal.id] = []
    for person in involved:
        people.involve(life, at, deal.id, person)
    return deal


def move(life: Life, at: int, deal_id: str, won: Step | None) -> None:
    """One step of a deal that finds its own way; ``won`` is taken when it is won."""
    deal = life.deals.get(deal_id)
    if deal is None:
        return
    if at - deal.created > MOST_DAYS * DAY_MS:
        close(life, at, deal_id, Stage.LOST, "")
        return
    if deal.stage is Stage.NEGOTIATION and life.draws.chance(0.35):
        won_it = life.draws.chance(0.65)
        close(life, at, deal_id, Stage.WON if won_it else Stage.LOST, "")
        if won_it and won is not None:
            won(life, at)
        return
    _make(life, at, deal, life.draws.weighted(MOVES))
    _fill(life, at, deal)
    life.later(_next(life, at), move, deal_id, won)


def slip(life: Life, at: int, deal_id: str, days: int) -> None:
    """The close date moves."""
    deal = life.deals.get(deal_id)
    if deal is not None:
        _keep(life, replace(deal, changed=at, close=(deal.close or at // DAY_MS) + days))


def advance(life: Life, at: int, deal_id: str) -> None:
    """On to the next stage, short of closing."""
    deal = life.deals.get(deal_id)
    if deal is not None:
        _make(life, at, deal, Move.ADVANCE)


def regress(life: Life, at: int, deal_id: str) -> None:
    """Back to the stage before."""
    deal = life.deals.get(deal_id)
    if deal is not None:
        _make(life, at, deal, Move.REGRESS)


def close(life: Life, at: int, deal_id: str, stage: Stage, cause: str) -> None:
    """Won or lost, today."""
    deal = life.deals.pop(deal_id, None)
    if deal is None:
        return
    life.deal_roles.pop(deal_id, None)
    life.tell(replace(deal, changed=at, stage=stage, close=at // DAY_MS))
    life.end(Outcome.DEAL_WON if stage is Stage.WON else Outcome.DEAL_LOST, at, cause, deal_id)


def _make(life: Life, at: int, deal: Deal, move: Move) -> None:
    draws, place = life.draws, ORDER.index(deal.stage)
    after = deal
    match move:
        case Move.ADVANCE if deal.stage is not Stage.NEGOTIATION:
            after = replace(deal, stage=ORDER[place + 1])
        case Move.REGRESS if place > 0:
            after = replace(deal, stage=ORDER[place - 1])
        case Move.SLIP if deal.close is not None:
            after = replace(deal, close=deal.close + draws.weighted(((40, 7), (35, 35), (25, 95))))
        case Move.PULL_IN if deal.close is not None:
            after = replace(deal, close=deal.close - draws.pick((3, 8, 15)))
        case Move.AMOUNT if deal.amount is not None:
            after = replace(deal, amount=deal.amount * draws.pick((3, 4, 5, 5.25, 6, 8)) / 5)
        case _:
            return
    _keep(life, replace(after, changed=at))


def _fill(life: Life, at: int, deal: Deal) -> None:
    """Somebody who was missing is brought in."""
    missing = [
        part for part in (Part.CHAMPION, Part.BUYER) if all(r.part is not part for r in life.deal_roles[deal.id])
    ]
    for part in missing:
        person = people.first(life, part)
        if person is not None and life.draws.chance(0.4):
            people.involve(life, at, deal.id, person)


def _spoilt(deal: Deal, how: int) -> Deal:
    match how:
        case 1:
            return replace(deal, amount=None)
        case 2:
            return replace(deal, amount=-(deal.amount or 0.0))
        case 3:
            return replace(deal, close=None)
    return replace(deal, close=FAR_DAY)


def _mend(life: Life, at: int, deal_id: str, amount: float, close: int) -> None:
    deal = life.deals.get(deal_id)
    if deal is not None:
        _keep(life, replace(deal, changed=at, amount=amount, close=close))


def _keep(life: Life, deal: Deal) -> None:
    life.deals[deal.id] = deal
    life.tell(deal)


def _next(life: Life, at: int) -> int:
    return life.on_work_day(at // DAY_MS + life.draws.between(6, 24))


def follow(life: Life, at: int, deal_id: str, script: Script) -> None:
    """A deal whose way is known: steps so many days ahead."""
    for days, step, arguments in script:
        life.later(life.on_work_day(at // DAY_MS + days), step, deal_id, *arguments)
