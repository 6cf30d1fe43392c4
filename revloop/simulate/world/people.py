"""People come to an account, leave it and are replaced."""

from msgspec.structs import replace

from revloop.contracts.times import DAY_MS
from revloop.simulate import words
from revloop.simulate.keys import salesforce_id
from revloop.simulate.records import Contact, DealRole, Part, Relation
from revloop.simulate.world.life import Life, Person

FIRST_TEAM = (Part.CHAMPION, Part.BUYER, Part.USER, Part.USER)
LEAVING_A_DAY = 1 / 700
"""Chance that one of the people leaves."""


def begin(life: Life, at: int) -> None:
    """The people who are there when we come to know the account."""
    team = FIRST_TEAM[: life.draws.between(2, 4)] + (Part.EVALUATOR,) * life.draws.between(0, 1)
    for part in team:
        join(life, at, part)


def join(life: Life, at: int, part: Part) -> Person:
    """Somebody new."""
    name, email = words.person(life.draws, life.account.domain, life.count())
    account, contact = life.account.id, salesforce_id("003", *life.name("contact"))
    title = life.draws.pick(words.TITLES)
    life.tell(Contact(account=account, id=contact, changed=at, name=name, email=email, title=title, created=at))
    relation = Relation(
        account=account,
        id=salesforce_id("07k", *life.name("relation")),
        changed=at,
        contact=contact,
        email=email,
        part=part,
        active=True,
        started=at // DAY_MS,
        ended=None,
    )
    life.tell(relation)
    found = Person(contact, email, relation, user=part is not Part.BUYER)
    life.people.append(found)
    return found


def leave(life: Life, at: int, person: Person) -> None:
    """Somebody goes, and takes part in no deal any more."""
    life.people.remove(person)
    life.tell(replace(person.relation, changed=at, active=False, ended=at // DAY_MS))
    for roles in life.deal_roles.values():
        for role in [role for role in roles if role.contact == person.contact]:
            roles.remove(role)
            life.tell(replace(role, changed=at, deleted=True))


def change_part(life: Life, at: int, person: Person, part: Part) -> None:
    """Somebody becomes something else, in deals, too."""
    person.relation = replace(person.relation, changed=at, part=part)
    life.tell(person.relation)
    for roles in life.deal_roles.values():
        for place, role in enumerate(roles):
            if role.contact == person.contact:
                roles[place] = replace(role, changed=at, part=part)
                life.tell(roles[place])


def involve(life: Life, at: int, deal: str, person: Person) -> None:
    """A person takes part in a deal."""
    role = DealRole(
        account=life.account.id,
        id=salesforce_id("00K", *life.name("deal role")),
        changed=at,
        deal=deal,
        contact=person.contact,
        email=person.email,
        part=person.relation.part,
    )
    life.deal_roles[deal].append(role)
    life.tell(role)


def first(life: Life, part: Part) -> Person | None:
    """The first person with a role."""
    return next((person for person in life.people if person.relation.part is part), None)


def day(life: Life, day: int) -> None:
    """Without a cause, and without a consequence: somebody leaves and is replaced weeks later, or takes on a role."""
    draws = life.draws
    if not life.people or not draws.chance(LEAVING_A_DAY):
        return
    at = life.on_work_day(day + 1)
    life.later(at, _turn if draws.chance(0.3) else _replace)


def _replace(life: Life, at: int) -> None:
    if len(life.people) < 2:
        return
    person = life.draws.pick(life.people)
    leave(life, at, person)
    life.later(life.on_work_day(at // DAY_MS + life.draws.between(3, 30)), _follow, person.relation.part)


def _follow(life: Life, at: int, part: Part) -> None:
    join(life, at, part)


def _turn(life: Life, at: int) -> None:
    users = [person for person in life.people if person.relation.part in (Part.USER, Part.EVALUATOR)]
    if users:
        change_part(life, at, life.draws.pick(users), life.draws.pick((Part.EVALUATOR, Part.USER, Part.CHAMPION)))
