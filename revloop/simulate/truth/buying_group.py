"""STAKEHOLDER_GAP: an open deal lacks a champion or an economic buyer, or hangs on one person.

CHAMPION_SILENT: the account's champion neither wrote nor met us for 14 days, while a deal is open or a renewal near.
Both open at ticks.
"""

from revloop.contracts.times import DAY_MS
from revloop.simulate.channel import Heard
from revloop.simulate.records import Contract, Deal, DealRole, Email, Meeting, Part, Relation
from revloop.simulate.truth.contracts import WINDOW_MS
from revloop.simulate.truth.sayings import Sayings

SILENT_MS, LAPSES_MS = 14 * DAY_MS, 60 * DAY_MS
KEPT_MS = 60 * DAY_MS


class BuyingGroup:
    """Open deals with their people, the champions, and when those were last in touch."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._deals: dict[str, dict[str, DealRole]] = {}
        self._waiting: dict[str, dict[str, DealRole]] = {}
        self._lacking: dict[str, int] = {}
        self._champions: dict[str, tuple[str, int]] = {}
        self._written: dict[str, int] = {}
        self._meetings: dict[str, Meeting] = {}
        self._ends: dict[str, int] = {}

    def hear(self, heard: Heard, say: Sayings) -> None:
        """People, deals, and whatever tells of them."""
        match heard.record:
            case Deal() as deal:
                self._deal(deal)
            case DealRole() as role:
                self._role(role)
            case Relation() as relation:
                self._relation(relation, heard.at)
            case Email(incoming=True) as email:
                self._written[email.sender] = max(email.changed, self._written.get(email.sender, 0))
            case Meeting() as meeting:
                self._meetings[meeting.id] = meeting
            case Contract() as contract:
                self._ends[contract.id] = 0 if contract.over else max(contract.ends, self._ends.get(contract.id, 0))
            case _:
                return
        self._judge(heard.at, say, ticking=False)

    def tick(self, at: int, say: Sayings) -> None:
        """Absence grows."""
        if not self._champions and not self._deals and not say.stands("CHAMPION_SILENT"):
            return
        self._judge(at, say, ticking=True)
        self._meetings = {name: one for name, one in self._meetings.items() if one.start > at - KEPT_MS}
        self._written = {sender: moment for sender, moment in self._written.items() if moment > at - KEPT_MS}

    def _deal(self, deal: Deal) -> None:
        if deal.stage.closed:
            self._deals.pop(deal.id, None)
            self._waiting.pop(deal.id, None)
        elif deal.id not in self._deals:
            self._deals[deal.id] = self._waiting.pop(deal.id, {})

    def _role(self, role: DealRole) -> None:
        roles = self._deals.get(role.deal)
        if roles is None:
            roles = self._waiting.setdefault(role.deal, {})
        roles.pop(role.id, None)
        if not role.deleted:
            roles[role.id] = role

    def _relation(self, relation: Relation, at: int) -> None:
        if not relation.active or relation.part is not Part.CHAMPION:
            self._champions.pop(relation.contact, None)
        elif relation.contact not in self._champions:
            self._champions[relation.contact] = (relation.email, at)

    def _judge(self, at: int, say: Sayings, *, ticking: bool) -> None:
        lacking = [name for name, roles in self._deals.items() if _lacks(list(roles.values()))]
        if ticking:
            self._lacking = {name: self._lacking.get(name, at) for name in lacking}
        holding = {name: (name, None) for name in lacking if at < self._lacking.get(name, at) + LAPSES_MS}
        lapsed = [name for name in lacking if name not in holding]
        say.lapse("STAKEHOLDER_GAP", lapsed)
        say.holds("STAKEHOLDER_GAP", holding, at, may_open=ticking)
        silent = {one: (one, None) for one in self._silent(at)} if self._matters(at) else {}
        say.holds("CHAMPION_SILENT", silent, at, may_open=ticking)

    def _matters(self, at: int) -> bool:
        return bool(self._deals) or any(0 < ends * DAY_MS - at <= WINDOW_MS for ends in self._ends.values())

    def _silent(self, at: int) -> list[str]:
        return [
            contact
            for contact, (email, since) in self._champions.items()
            if at >= max(since, self._written.get(email, 0), self._met(email, at)) + SILENT_MS
        ]

    def _met(self, email: str, at: int) -> int:
        held = (one for one in self._meetings.values() if not one.cancelled and one.start <= at)
        return max((one.start for one in held if email in one.guests), default=0)


def _lacks(roles: list[DealRole]) -> bool:
    parts = {role.part for role in roles}
    return len({role.contact for role in roles}) < 2 or not {Part.CHAMPION, Part.BUYER} <= parts
