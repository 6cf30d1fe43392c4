"""A seed and the number of an account come in; its life goes out, with all that lies before its first day told."""

from msgspec.structs import replace

from revloop.contracts.times import DAY_MS, HOUR_MS, MINUTE_MS
from revloop.simulate import words
from revloop.simulate.keys import number, salesforce_id, stripe_id
from revloop.simulate.records import Account, Company, Customer, Organization
from revloop.simulate.world import contracts, deals, mails, meetings, milestones, people, stories, usage
from revloop.simulate.world.life import Life, Story

CUSTOMERS, STARTERS = 66, 18
"""In a hundred; the others have no contract yet."""
LATE_LINK, LATE_WORKSPACE = 0.12, 0.25
TARGETED = 0.6
RENAMED, ENTERED_TWICE = 0.08, 0.06


def life_of(seed: int, at_number: int, first_day: int, last_day: int) -> Life:
    """An account that comes to be on the first day, or on some day of the simulation."""
    life = Life(seed, at_number, first_day, last_day)
    draws = life.draws
    kind = draws.between(1, 100)
    old = kind <= CUSTOMERS
    day = first_day if old else first_day + draws.between(2, max(3, (last_day - first_day) * 6 // 10))
    at = first_day * DAY_MS + 5 * MINUTE_MS if old else draws.at_work(day)
    life.size = draws.weighted(((50, 1), (35, 2), (15, 3)))
    life.pace = draws.between(120, 420)
    life.later(at, _appear, old, CUSTOMERS < kind <= CUSTOMERS + STARTERS)
    return life


def _appear(life: Life, at: int, old: bool, starts: bool) -> None:
    _systems(life, at, old)
    people.begin(life, at)
    if old:
        _customer(life, at)
    elif starts:
        stories.start(life, at + 2 * HOUR_MS)
    else:
        _prospect(life, at)
    if life.writes:
        life.later(life.on_work_day(at // DAY_MS + life.draws.between(1, 6)), mails.write)
    life.later(at + life.draws.between(1, 9) * DAY_MS, meetings.plan)
    if life.draws.chance(TARGETED):
        life.later(life.on_work_day(at // DAY_MS + life.draws.between(20, 200)), _target)
    if life.draws.chance(RENAMED):
        life.later(life.on_work_day(at // DAY_MS + life.draws.between(10, 150)), _rename)
    if life.draws.chance(ENTERED_TWICE):
        life.later(life.on_work_day(at // DAY_MS + life.draws.between(10, 90)), _enter_twice)


def _customer(life: Life, at: int) -> None:
    today = at // DAY_MS
    contracts.sign(life, at, today - life.draws.between(5, contracts.YEAR - 15))
    life.using = True
    usage.history(life, at + 8 * HOUR_MS)
    stories.year(life, at)
    life.later(life.on_work_day(today + life.draws.between(1, 90)), milestones.quarterly)


def _prospect(life: Life, at: int) -> None:
    if life.draws.chance(0.3):
        life.story, life.story_from = Story.SLIPS, at
        life.later(at + HOUR_MS, stories.slipping_deal)
        return
    deal = deals.begin(life, at + HOUR_MS, "First contract", float(life.draws.between(50, 500) * 100))
    life.later(life.on_work_day(at // DAY_MS + life.draws.between(5, 15)), deals.move, deal.id, stories.start)


def _systems(life: Life, at: int, old: bool) -> None:
    """The account in every system that knows it."""
    draws = life.draws
    name, domain = words.company(draws, life.number)
    account = salesforce_id("001", *life.name("account"))
    created = at - draws.between(40, 900) * DAY_MS if old else at
    late = not old and draws.chance(LATE_WORKSPACE)
    life.account = Account(
        account=account,
        id=account,
        changed=at,
        name=name,
        domain=domain,
        industry=draws.pick(words.INDUSTRIES),
        country=draws.pick(words.COUNTRIES),
        owner=draws.pick(words.SELLERS),
        created=created,
        target=False,
        workspace="" if late else usage.workspace(life),
    )
    linked = old or not draws.chance(LATE_LINK)
    life.organization = Organization(
        account=account,
        id=str(number(12, *life.name("organization"))),
        changed=at,
        name=name,
        domain=domain,
        linked=linked,
        created=created,
    )
    life.customer = Customer(
        account=account, id=stripe_id("cus", *life.name("customer")), changed=at, name=name, domain=domain
    )
    life.company = Company(
        account=account,
        id=str(number(11, *life.name("company"))),
        changed=at,
        name=name,
        domain=domain,
        created=created,
    )
    for record in (life.account, life.organization, life.customer, life.company):
        life.tell(record)
    if late:
        life.later(life.on_work_day(at // DAY_MS + draws.between(4, 25)), _enter_workspace)
    if not linked:
        life.later(life.on_work_day(at // DAY_MS + draws.between(10, 40)), _link_organization)


def _enter_workspace(life: Life, at: int) -> None:
    life.account = replace(life.account, changed=at, workspace=usage.workspace(life))
    life.tell(life.account)


def _link_organization(life: Life, at: int) -> None:
    life.organization = replace(life.organization, changed=at, linked=True)
    life.tell(life.organization)


def _rename(life: Life, at: int) -> None:
    name, _ = words.company(life.draws, life.number)
    life.account = replace(life.account, changed=at, name=name)
    life.tell(life.account)


def _enter_twice(life: Life, at: int) -> None:
    """Somebody enters the company again, and the empty second account is merged into the first weeks later."""
    again = salesforce_id("001", *life.name("account"))
    twin = replace(life.account, account=life.account.id, id=again, changed=at, created=at, domain="", workspace="")
    twin = replace(twin, target=False)
    life.tell(twin)
    life.later(life.on_work_day(at // DAY_MS + life.draws.between(8, 40)), _merge, twin)


def _merge(life: Life, at: int, twin: Account) -> None:
    life.tell(replace(twin, changed=at, master=life.account.id))


def _target(life: Life, at: int) -> None:
    life.account = replace(life.account, changed=at, target=True)
    life.tell(life.account)
