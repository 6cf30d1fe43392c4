"""Each contract year, and each new customer, has a story: a cause, steps at known times, and an outcome.

Most have none: what happens to them has no consequence, and a few are lost without a sign.
"""

from revloop.contracts.times import DAY_MS, HOUR_MS
from revloop.simulate.records import Part, Stage
from revloop.simulate.world import contracts, deals, milestones, people, support, usage
from revloop.simulate.world.life import Life, Outcome, Story

LOST_WITHOUT_SIGN = 0.04
YEARS = (
    (13, Story.DECLINE),
    (10, Story.CHAMPION),
    (8, Story.SILENCE),
    (10, Story.EXPANSION),
    (8, Story.SLIPS),
    (51, Story.NONE),
)
STARTS = ((30, Story.ONBOARDING), (70, Story.NONE))
NEEDED_DAYS = 118
"""A story of a renewal needs so many days before it."""


def year(life: Life, at: int) -> None:
    """The year until the contract's next end."""
    contract = life.contract
    if contract is None:
        return
    ends = contract.ends
    story = life.draws.weighted(YEARS)
    begin = max(at, (ends - NEEDED_DAYS) * DAY_MS) + DAY_MS
    if story in (Story.DECLINE, Story.CHAMPION, Story.SILENCE) and ends - begin // DAY_MS < NEEDED_DAYS - 2:
        story = Story.NONE
    life.story, life.story_from = story, begin
    renewal = life.on_work_day(ends - life.draws.between(80, 88))
    if renewal > at:
        life.later(renewal, _offer)
    match story:
        case Story.DECLINE:
            _decline(life, ends)
        case Story.CHAMPION:
            life.later(life.on_work_day(ends - 75), _champion_leaves)
            life.later(contracts.end_of(contract), _lose)
        case Story.SILENCE:
            life.later(life.on_work_day(ends - 100), _fall_silent)
            life.later(contracts.end_of(contract), _lose)
        case Story.EXPANSION:
            life.story_from = at + 7 * DAY_MS
            life.later(life.on_work_day(at // DAY_MS + 7), _grow_quietly, 0)
            _renewal(life, ends)
        case Story.SLIPS:
            life.story_from = at + 10 * DAY_MS
            life.later(life.on_work_day(at // DAY_MS + 10), slipping_deal)
            _renewal(life, ends)
        case _ if life.draws.chance(LOST_WITHOUT_SIGN):
            life.later(contracts.end_of(contract), _lose)
        case _:
            _renewal(life, ends)


def _renewal(life: Life, ends: int) -> None:
    life.later(life.on_work_day(ends - life.draws.between(5, 40)), _renew)


def _offer(life: Life, at: int) -> None:
    """Every renewal is a deal."""
    if life.contract is None:
        return
    deal = deals.begin(life, at, "Renewal", contracts.value(life.contract))
    deals.follow(life, at, deal.id, ((20, deals.advance, ()), (38, deals.advance, ())))
    life.later(at + HOUR_MS, _remember, deal.id)


def _remember(life: Life, at: int, deal_id: str) -> None:
    life.renewal = deal_id


def _renew(life: Life, at: int) -> None:
    contract = contracts.renew(life, at)
    if contract is None:
        return
    deals.close(life, at, life.renewal, Stage.WON, life.story)
    life.end(Outcome.RENEWED, at, "", contract.id)
    if life.story is Story.SLIPS:
        life.story = Story.NONE
    year(life, at)


def _lose(life: Life, at: int) -> None:
    contract = life.contract
    if contract is None:
        return
    life.mark("renewal_lost", at, contract.id)
    deals.close(life, at, life.renewal, Stage.LOST, life.story)
    contracts.end(life, at)
    life.end(Outcome.RENEWAL_LOST, at, life.story, contract.id)
    life.later(at + 9 * DAY_MS, _leave)


def _leave(life: Life, at: int) -> None:
    life.leave()


# --- usage declines, and a severe ticket is never solved


def _decline(life: Life, ends: int) -> None:
    for number in range(7):
        life.later(life.on_work_day(ends - 112 + 9 * number), _less)
    life.later(life.on_work_day(ends - 55), _unresolved)
    life.later(ends * DAY_MS + HOUR_MS, _lose)


def _less(life: Life, at: int) -> None:
    usage.change(life, at, 0.68)
    life.mark("usage_declines", at)


def _unresolved(life: Life, at: int) -> None:
    ticket = support.begin(life, at, "high")
    life.mark("severe_ticket_stays_open", at, ticket.id)


# --- the champion leaves


def _champion_leaves(life: Life, at: int) -> None:
    champion = people.first(life, Part.CHAMPION)
    if champion is None:
        champion = people.join(life, at - HOUR_MS, Part.CHAMPION)
    people.leave(life, at, champion)
    life.mark("champion_leaves", at, champion.contact)
    life.later(life.on_work_day(at // DAY_MS + 4), _no_more_meetings)
    usage.change(life, at, 0.85)


def _no_more_meetings(life: Life, at: int) -> None:
    life.meets = False
    life.mark("no_more_meetings", at)


# --- silence


def _fall_silent(life: Life, at: int) -> None:
    life.meets = life.writes = False
    life.mark("silence_begins", at)


# --- quiet expansion


def _grow_quietly(life: Life, at: int, times: int) -> None:
    life.meets = False
    usage.change(life, at, 1.17)
    life.mark("usage_grows", at)
    if times < 6:
        life.later(life.on_work_day(at // DAY_MS + 6), _grow_quietly, times + 1)
    else:
        life.later(life.on_work_day(at // DAY_MS + 24), _ask_for_more)


def _ask_for_more(life: Life, at: int) -> None:
    life.meets = True
    deal = deals.begin(life, at, "Expansion", 12_000.0 * life.size)
    life.mark("asks_for_more", at, deal.id)
    script = ((12, deals.advance, ()), (22, deals.advance, ()), (34, deals.advance, ()), (44, _expanded, ()))
    deals.follow(life, at, deal.id, script)


def _expanded(life: Life, at: int, deal_id: str) -> None:
    deals.close(life, at, deal_id, Stage.WON, life.story)
    contracts.expand(life, at)
    life.mark("expanded", at, deal_id)
    life.end(Outcome.EXPANDED, at, life.story, deal_id)


# --- a deal slips three times


def slipping_deal(life: Life, at: int) -> None:
    """It moves at first, slips, slips, slips, and is lost."""
    deal = deals.begin(life, at, "Second site", float(life.draws.between(80, 300) * 100))
    life.mark("deal_opens", at, deal.id)
    draws = life.draws
    slips = [(days, _slips, (draws.between(14, 70),)) for days in (24, 52, 83)]
    script: deals.Script = (
        (9, deals.advance, ()),
        (17, deals.advance, ()),
        *slips,
        (60, deals.regress, ()),
        (112, _slipped_away, ()),
    )
    deals.follow(life, at, deal.id, script)


def _slips(life: Life, at: int, deal_id: str, days: int) -> None:
    deals.slip(life, at, deal_id, days)
    life.mark("deal_slips", at, deal_id)


def _slipped_away(life: Life, at: int, deal_id: str) -> None:
    deals.close(life, at, deal_id, Stage.LOST, Story.SLIPS)
    life.mark("deal_lost", at, deal_id)


# --- a new customer


def start(life: Life, at: int) -> None:
    """The first contract is signed, and the milestones of the first weeks are agreed upon."""
    contract = contracts.sign(life, at, at // DAY_MS)
    life.story, life.story_from = life.draws.weighted(STARTS), at
    never = life.story is Story.ONBOARDING
    milestones.agree(life, at + HOUR_MS, (14, 28, 42, 56), reached=not never)
    if never:
        life.meets = life.writes = False
        life.mark("onboarding_does_not_start", at, contract.id)
        life.later(life.on_work_day(at // DAY_MS + life.draws.between(95, 130)), _cancel)
        return
    life.later(life.on_work_day(at // DAY_MS + life.draws.between(2, 9)), _first_use)
    year(life, at)


def _first_use(life: Life, at: int) -> None:
    life.using = life.contract is not None


def _cancel(life: Life, at: int) -> None:
    contract = life.contract
    if contract is None:
        return
    contracts.end(life, at)
    life.mark("cancelled", at, contract.id)
    life.end(Outcome.CANCELLED, at, life.story, contract.id)
    life.later(at + 9 * DAY_MS, _leave)
