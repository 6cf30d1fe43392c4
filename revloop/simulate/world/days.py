"""One day of one account: what lies ahead is taken, and chance adds to it; facts in order of their moments go out."""

from collections.abc import Iterable

from revloop.contracts.times import DAY_MS
from revloop.simulate.world import deals, people, support, usage
from revloop.simulate.world.life import Fact, Life

CUSTOMERS_ONLY = (usage.day, support.day)
EVERYBODY = (people.day, deals.day)


def live(life: Life, day: int) -> Iterable[Fact]:
    """Everything that systems know by the end of the day."""
    life.advance(day)
    if life.people and not life.gone:
        if life.contract is not None:
            for chance in CUSTOMERS_ONLY:
                chance(life, day)
        for chance in EVERYBODY:
            chance(life, day)
        life.advance(day)
    end = (day + 1) * DAY_MS
    facts = life.taken()
    assert all(fact[0] <= end for fact in facts), "a system knows of tomorrow"
    return facts
