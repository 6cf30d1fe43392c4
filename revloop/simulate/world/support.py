"""Tickets are opened, answered, solved, sometimes escalated or opened again."""

from msgspec.structs import replace

from revloop.contracts.times import DAY_MS, HOUR_MS, MINUTE_MS
from revloop.simulate import words
from revloop.simulate.keys import number
from revloop.simulate.records import Ticket
from revloop.simulate.world.life import Life

OPENED_A_DAY = 1 / 28
PRIORITIES = ((5, "urgent"), (15, "high"), (55, "normal"), (25, "low"))
SEVERE = frozenset({"urgent", "high"})
REOPENED, ESCALATED, DOWNGRADED, BURSTS = 0.10, 0.08, 0.10, 0.06
CLOSED_AFTER = 4 * DAY_MS


def day(life: Life, day: int) -> None:
    """Without a cause, and without a consequence: a ticket now and then, at times several."""
    draws = life.draws
    if not draws.chance(OPENED_A_DAY * life.size):
        return
    for _ in range(draws.between(3, 4) if draws.chance(BURSTS) else 1):
        life.later(draws.at_work(day), raise_ticket)


def raise_ticket(life: Life, at: int) -> None:
    """A ticket of any kind, solved in its time."""
    draws = life.draws
    ticket = begin(life, at, draws.weighted(PRIORITIES))
    severe = ticket.priority in SEVERE
    days = draws.weighted(((60, 0), (25, 2), (15, 6))) if severe else draws.weighted(((60, 1), (30, 5), (10, 16)))
    solved = at + draws.between(1, 20) * HOUR_MS + days * DAY_MS + draws.between(0, 59) * MINUTE_MS
    life.later(at + draws.between(5, 55) * MINUTE_MS, _answer, ticket.id)
    if draws.chance(ESCALATED):
        life.later(at + (solved - at) // 2, _escalate, ticket.id)
    if severe and draws.chance(DOWNGRADED):
        life.later(at + (solved - at) // 3, _downgrade, ticket.id)
    life.later(solved, solve, ticket.id)


def begin(life: Life, at: int, priority: str) -> Ticket:
    """A new ticket."""
    requester = life.draws.pick(life.people).email if life.people else f"desk@{life.account.domain}"
    ticket = Ticket(
        account=life.account.id,
        id=str(number(8, *life.name("ticket"))),
        changed=at,
        organization=life.organization.id,
        requester=requester,
        subject=life.draws.pick(words.COMPLAINTS),
        priority=priority,
        status="new",
        created=at,
    )
    life.tickets[ticket.id] = ticket
    life.tell(ticket)
    return ticket


def solve(life: Life, at: int, ticket_id: str) -> None:
    """Solved; closed for good some days later, unless it is opened again."""
    if ticket_id not in life.tickets:
        return
    ticket = _change(life, replace(life.tickets[ticket_id], changed=at, status="solved", solved=at))
    if life.draws.chance(REOPENED):
        life.later(at + life.draws.between(5, 60) * HOUR_MS, _reopen, ticket.id)
    else:
        life.later(at + CLOSED_AFTER, _close, ticket.id)


def _answer(life: Life, at: int, ticket_id: str) -> None:
    ticket = life.tickets[ticket_id]
    if ticket.status == "new":
        _change(life, replace(ticket, changed=at, status="open"))


def _escalate(life: Life, at: int, ticket_id: str) -> None:
    ticket = life.tickets.get(ticket_id)
    if ticket is not None and ticket.open:
        _change(life, replace(ticket, changed=at, escalated=True))


def _downgrade(life: Life, at: int, ticket_id: str) -> None:
    ticket = life.tickets.get(ticket_id)
    if ticket is not None and ticket.open:
        _change(life, replace(ticket, changed=at, priority="normal"))


def _reopen(life: Life, at: int, ticket_id: str) -> None:
    ticket = life.tickets[ticket_id]
    _change(life, replace(ticket, changed=at, status="open", solved=None, reopens=ticket.reopens + 1))
    life.later(at + life.draws.between(6, 70) * HOUR_MS, solve, ticket_id)


def _close(life: Life, at: int, ticket_id: str) -> None:
    _change(life, replace(life.tickets.pop(ticket_id), changed=at, status="closed"))


def _change(life: Life, ticket: Ticket) -> Ticket:
    if ticket.status != "closed":
        life.tickets[ticket.id] = ticket
    life.tell(ticket)
    return ticket
