"""STAKEHOLDER_CHANGED: people joined, left or changed role on the account or an open deal; one batch a day.

Who joins a deal joined, though the account knew them; a deal that closes takes nobody away.
"""

from revloop.simulate.channel import Heard
from revloop.simulate.records import Deal, DealRole, Relation
from revloop.simulate.truth.sayings import Sayings

Place = tuple[str, str, str]
"""(deal or nothing for the account, person, role)."""


class People:
    """Who is what now, and who was when the day began."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._relations: dict[str, Place] = {}
        self._roles: dict[str, Place] = {}
        self._before: frozenset[Place] = frozenset()
        self._moved = False

    def hear(self, heard: Heard, say: Sayings) -> None:
        """A person's part in the account or in a deal."""
        match heard.record:
            case Relation() as relation:
                self._relations.pop(relation.id, None)
                if relation.active:
                    self._relations[relation.id] = ("", relation.contact, relation.part)
            case DealRole() as role:
                self._roles.pop(role.id, None)
                if not role.deleted:
                    self._roles[role.id] = (role.deal, role.contact, role.part)
            case Deal() as deal if deal.stage.closed:
                self._roles = {name: place for name, place in self._roles.items() if place[0] != deal.id}
                self._before = frozenset(place for place in self._before if place[0] != deal.id)
                return
            case _:
                return
        if heard.baseline:
            self._before = self._now()
        else:
            self._moved = True

    def tick(self, at: int, say: Sayings) -> None:
        """The day is over."""
        if not self._moved:
            return
        now = self._now()
        if now != self._before:
            say.happened("STAKEHOLDER_CHANGED", self._account, at, float(len(now ^ self._before)))
        self._before, self._moved = now, False

    def _now(self) -> frozenset[Place]:
        return frozenset((*self._relations.values(), *self._roles.values()))
