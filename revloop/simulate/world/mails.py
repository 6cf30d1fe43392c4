"""Mails go to people of the account, and answers come."""

from revloop.contracts.times import DAY_MS
from revloop.simulate import words
from revloop.simulate.keys import number
from revloop.simulate.records import Email
from revloop.simulate.world.life import Life

ANSWERED = 0.6


def write(life: Life, at: int) -> None:
    """One mail, an answer to most; and the next one some days later."""
    draws = life.draws
    if life.writes and life.people:
        _mail(life, at, words.seller_address(life.account.owner), incoming=False)
        if draws.chance(ANSWERED):
            life.later(life.on_work_day(at // DAY_MS + draws.between(1, 3)), _answer)
    life.later(life.on_work_day(at // DAY_MS + draws.between(4, 11)), write)


def _answer(life: Life, at: int) -> None:
    if life.people:
        _mail(life, at, life.draws.pick(life.people).email, incoming=True)


def _mail(life: Life, at: int, sender: str, *, incoming: bool) -> None:
    life.tell(
        Email(
            account=life.account.id,
            id=str(number(11, *life.name("mail"))),
            changed=at,
            company=life.company.id,
            sender=sender,
            incoming=incoming,
            subject=life.draws.pick(words.TOPICS),
        )
    )
