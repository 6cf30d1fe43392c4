"""Contracts are signed for a year, renewed before they end, or end."""

from msgspec.structs import replace

from revloop.contracts.times import DAY_MS, HOUR_MS, MINUTE_MS
from revloop.simulate import words
from revloop.simulate.keys import number
from revloop.simulate.records import Contract
from revloop.simulate.world.life import Life

YEAR = 365
SEAT_PRICES = (29, 49, 79)
"""A month, by plan."""
OVERTAKEN = 0.3
"""Share of renewals whose notice overtakes an older one."""
FORGOTTEN = 0.5
"""Share of renewals that nobody enters in the CRM for weeks, where billing has them, too."""


def sign(life: Life, at: int, starts: int) -> Contract:
    """A contract that holds from a day on, known to the CRM, to billing, or to both."""
    draws = life.draws
    plan = draws.between(0, len(words.PLANS) - 1)
    seats = draws.between(5, 20) * life.size
    known_to = draws.weighted(((45, (True, False)), (25, (False, True)), (30, (True, True))))
    life.contract = Contract(
        account=life.account.id,
        id=f"C-{number(7, *life.name('contract'))}",
        changed=at,
        starts=starts,
        ends=starts + YEAR,
        plan=words.PLANS[plan],
        amount=SEAT_PRICES[plan],
        seats=seats,
        customer=life.customer.id,
        signed=at,
        in_crm=known_to[0],
        in_billing=known_to[1],
    )
    life.tell(life.contract)
    return life.contract


def value(contract: Contract) -> float:
    """What it is worth in a year."""
    return float(contract.amount * contract.seats * 12)


def renew(life: Life, at: int) -> Contract | None:
    """Another year, from the end on."""
    if life.contract is None:
        return None
    before = life.contract
    if before.in_billing and life.draws.chance(OVERTAKEN):
        life.tell(replace(before, changed=at - 10 * MINUTE_MS), at + 20 * MINUTE_MS)
    life.contract = replace(before, changed=at, ends=before.ends + YEAR)
    if before.in_billing and before.in_crm and life.draws.chance(FORGOTTEN):
        life.tell(replace(life.contract, in_crm=False))
        life.later(life.on_work_day(at // DAY_MS + life.draws.between(10, 40)), enter)
    else:
        life.tell(life.contract)
    return life.contract


def enter(life: Life, at: int) -> None:
    """Somebody enters in the CRM what billing has known for long."""
    if life.contract is not None:
        life.contract = replace(life.contract, changed=at)
        life.tell(life.contract)


def expand(life: Life, at: int) -> None:
    """Half as many seats more."""
    if life.contract is not None:
        life.contract = replace(life.contract, changed=at, seats=life.contract.seats + life.contract.seats // 2)
        life.tell(life.contract)


def end(life: Life, at: int) -> None:
    """It is over, at its end or before."""
    if life.contract is not None:
        life.tell(replace(life.contract, changed=at, over=at))
        life.contract = None
        life.using = False


def end_of(contract: Contract) -> int:
    """The moment at which both systems are told that it was not renewed."""
    return contract.ends * DAY_MS + HOUR_MS
