"""Records of a delivery come in one by one; where each goes, what it wakes and what follows it goes out.

A record belongs to the accounts that it names. Otherwise the ways of its profile are gone one after the other, and the
first that leads to an account counts; where a way leads to several, each gets the record. What leads nowhere waits.
A record that others refer to leads them along: when it finds its account, and whenever that changes.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from revloop.contracts.entities import HAPPENINGS, EntityType
from revloop.contracts.failures import Reject
from revloop.contracts.generated.events import Delivery, EntityLink, StateRecord
from revloop.contracts.keys import join_key
from revloop.integrations.record import DELETED, Record, Reference
from revloop.provenance.mappings import referred_kinds
from revloop.stage import Emit
from revloop.tenants import Registry
from services.ingest.core.directory import ACCOUNT, Directory, Missing, name_key, part_keys
from services.ingest.core.links import Fate, accounts_of, link, move, wake
from services.ingest.core.parsed import Parser


class Habits(msgspec.Struct, frozen=True):
    """What a tenant's profile asks of linking."""

    referred: frozenset[str]
    """Kinds of names that some record looks for: others are not published."""
    object_kinds: Mapping[tuple[str, str], tuple[str, ...]]
    """(connector, entity type) -> kinds under which such a record's own id is looked for."""
    follows_accounts: bool
    """Whether some object stands for an account, so that accounts can be renamed or merged."""
    own_users: Mapping[str, tuple[str, ...]]


def link_key(delivery: Delivery, record: Record) -> str:
    """Key of the link of a record."""
    return join_key(delivery.tenant_id, "link", delivery.connector, record.entity_type, record.entity_id)


class Linker:
    """Knows every tenant's habits."""

    def __init__(self, registry: Registry, parser: Parser) -> None:
        self._habits = {tenant: _habits(registry, parser, tenant) for tenant in registry.tenants()}

    def name_keys(self, delivery: Delivery, records: Iterable[Record | Reject]) -> list[str]:
        """Keys of the names that these records are looked up by, and of those that they publish."""
        habits = self._habits.get(delivery.tenant_id)
        if habits is None:
            return []
        keys: dict[str, None] = {}
        for record in records:
            if isinstance(record, Record):
                keys.update(dict.fromkeys(_looked_up(delivery, record, habits)))
                keys.update(dict.fromkeys(_published(delivery, record, habits)))
        return list(keys)

    def desk(
        self, delivery: Delivery, states: Mapping[str, StateRecord], asked: Iterable[str], repeat: tuple[int, ...]
    ) -> "Desk":
        """Where the records of one delivery are taken."""
        return Desk(delivery, self._habits[delivery.tenant_id], states, asked, repeat)


class Desk:
    """Takes the records of one delivery; raises Missing where it needs states that it was not given."""

    def __init__(
        self,
        delivery: Delivery,
        habits: Habits,
        states: Mapping[str, StateRecord],
        asked: Iterable[str],
        repeat: tuple[int, ...],
    ) -> None:
        self._delivery = delivery
        self._habits = habits
        self._directory = Directory(delivery.tenant_id, states, asked, follows_accounts=habits.follows_accounts)
        self._repeat = repeat
        self.emits: list[Emit] = []

    @property
    def changed(self) -> dict[str, StateRecord | None]:
        """States after all records so far."""
        return self._directory.changed

    def take(self, number: int, record: Record, key: str) -> Fate:
        """One record; raises Reject, and then nothing of it is kept."""
        directory = self._directory
        known = directory.link(key)
        accounts, names = directory.accounts_of(record, known)
        own_users = self._habits.own_users.get(self._delivery.connector, ())
        linked = link(self._delivery, number, record, known, accounts, own_users, repeat=self._repeat)
        if linked.fate is Fate.DUPLICATE:
            return linked.fate
        published = _published(self._delivery, record, self._habits)
        settled_now = known is None or not known.account_id
        now = _with_names(linked.link, published, record)
        directory.changed[key] = _with_ways(now, names, directory.looked_for(record), record, settled_now=settled_now)
        self.emits += linked.emits
        if not accounts:
            directory.wait(record, key)
        elif linked.fate is Fate.RECORD and record.entity_type not in HAPPENINGS:
            directory.depend(names, key)
        self._follow(record, known, key)
        return linked.fate

    def ask_for_the_rest(self, missing: Missing, records: Sequence[Record | Reject], keys: Sequence[str]) -> None:
        """Add to ``missing`` what the records that follow will miss, so that a delivery comes again once for all."""
        for record, key in zip(records, keys, strict=True):
            if isinstance(record, Reject):
                continue
            try:
                _, names = self._directory.accounts_of(record, self._directory.link(key))
                if record.entity_type not in HAPPENINGS:
                    self._directory.require(part_keys(names, key))
            except Missing as more:
                missing.keys = [*missing.keys, *more.keys]

    def _follow(self, record: Record, known: EntityLink | None, key: str) -> None:
        """What refers to the record, or to its account, goes along."""
        now = self._directory.link(key)
        if now is None:
            return
        if now.merged_into:
            self._give_over(now, key)
        elif accounts := accounts_of(now):
            if now.entity.entity_type == EntityType.ACCOUNT and known is not None:
                told_late = record.version < now.version and len(record.accounts) == 1
                self._rename(record.accounts if told_late else accounts_of(known), accounts, key)
            self._lead_all(now.names, accounts)

    def _lead_all(self, names: Iterable[str], accounts: tuple[str, ...]) -> None:
        for name in names:
            self._lead(name, accounts)

    def _give_over(self, link: EntityLink, key: str) -> None:
        """The record was merged into another, which goes by its names from now on; until that is known, it waits."""
        directory = self._directory
        winner_key, winner = self._successor(link, key)
        accounts = directory.final(accounts_of(winner)) if winner is not None else ()
        if winner is None or not accounts:
            if name := self._own_name(link, link.merged_into):
                directory.await_name(name, key)
            self._lead_all(link.names if accounts_of(link) else (), accounts_of(link))
            return
        names = tuple(dict.fromkeys((*winner.names, *link.names)))
        directory.changed[winner_key] = msgspec.structs.replace(winner, names=names)
        if link.entity.entity_type == EntityType.ACCOUNT:
            self._rename(accounts_of(link), accounts, key, merged=True)
        self._lead_all(link.names, accounts)

    def _successor(self, link: EntityLink, key: str) -> tuple[str, EntityLink | None]:
        """Who took the record's place in the end: that one may have been merged, too."""
        seen, found = {key}, link
        while found.merged_into:
            entity = found.entity
            key = join_key(self._delivery.tenant_id, "link", entity.connector, entity.entity_type, found.merged_into)
            after = self._directory.link(key)
            if after is None or key in seen:
                return key, None
            seen.add(key)
            found = after
        return key, found

    def _own_name(self, link: EntityLink, identity: str) -> str:
        """Key of the name that a record of the same kind has by its id; empty where nobody looks for it."""
        kinds = self._habits.object_kinds.get((link.entity.connector, link.entity.entity_type), ())
        return name_key(self._delivery.tenant_id, Reference(kinds[0], identity)) if kinds else ""

    def _lead(self, name: str, accounts: tuple[str, ...]) -> None:
        """``name`` leads to ``accounts`` from now on: who waited is woken, who depended on it follows."""
        before, waiting = self._directory.publish(name, accounts)
        self._directory.require(waiting)
        for key in waiting:
            self._wake(name, key, accounts)
        if before and before != accounts:
            for key in self._directory.dependents(name):
                self._carry(name, key, before, accounts)

    def _wake(self, name: str, key: str, accounts: tuple[str, ...]) -> None:
        directory = self._directory
        link = directory.link(key)
        if link is None:
            return
        if link.merged_into and name not in link.names:
            self._give_over(link, key)  # the record that took its place is known now
            return
        awaited = name in link.awaits
        if link.whole_version is None or (link.account_id and (not awaited or link.fields.get(DELETED) is True)):
            return
        self.emits += wake(self._delivery, link, accounts)
        if link.account_id and accounts != accounts_of(link):
            self.emits += move(self._delivery, f"{self._delivery.event_id} {name}", link, accounts)
        directory.changed[key] = msgspec.structs.replace(
            link,
            account_id=accounts[0],
            others=accounts[1:],
            waiting=(),
            by=(name,),
            awaits=() if awaited else link.awaits,
        )
        directory.require(part_keys((name,), key))
        directory.depend((name,), key)
        self._lead_all(link.names, accounts)

    def _carry(self, name: str, key: str, before: tuple[str, ...], accounts: tuple[str, ...]) -> None:
        """A dependent follows: it leaves the accounts that the name led to, and joins those that it leads to."""
        directory = self._directory
        link = directory.link(key)
        if link is None or not {*before} <= {*accounts_of(link)}:
            return
        if link.by and name not in link.by:
            return  # it went by another way since
        after = tuple(sorted({*accounts_of(link)} - {*before} | {*accounts}))
        if after == accounts_of(link):
            return
        if link.fields.get(DELETED) is not True:  # what is deleted is nowhere, but others still refer to it
            self.emits += move(self._delivery, f"{self._delivery.event_id} {name}", link, after)
        directory.changed[key] = msgspec.structs.replace(link, account_id=after[0], others=after[1:])
        self._lead_all(link.names, after)

    def _goes_by(self, old: str, new: str, key: str) -> None:
        """A dependent of the name ``old`` depends on ``new``."""
        link = self._directory.link(key)
        if link is not None and old in link.by:
            by = tuple(dict.fromkeys(new if name == old else name for name in link.by))
            self._directory.changed[key] = msgspec.structs.replace(link, by=by)
        self._directory.depend((new,), key)

    def _rename(self, before: tuple[str, ...], after: tuple[str, ...], key: str, *, merged: bool = False) -> None:
        """The record that stands for an account names another key: what named the old one follows.

        Where another record still stands for the old key, this one only moved; a system that merged two accounts speaks
        for the others, too, unless it has a further record of the old one.
        """
        directory = self._directory
        if len(before) != 1 or len(after) != 1 or directory.final(before) == after:
            return
        own = directory.link(key)
        name = directory.account_key(before[0])
        directory.require((name, directory.account_key(after[0])))
        dependents = [other for other in directory.dependents(name) if other != key]
        directory.require(dependents)
        stands = (link for other in dependents if (link := directory.link(other)) and _stands(link, before[0]))
        if any(not merged or (own and link.entity.connector == own.entity.connector) for link in stands):
            return
        directory.redirect(before[0], after[0])
        for other in dependents:
            self._carry(name, other, before, after)
            self._goes_by(name, directory.account_key(after[0]), other)


def _with_ways(
    link: EntityLink, led: Sequence[str], looked_for: tuple[str, ...], record: Record, *, settled_now: bool
) -> EntityLink:
    """By which names a record found its accounts, and which it looks for in vain, as its newest state has it."""
    newest = record.version >= link.version and (not record.partial or looked_for)
    if record.accounts or led:
        by = tuple(led) if newest or settled_now else link.by
        return msgspec.structs.replace(link, by=by, awaits=() if newest else link.awaits)
    return msgspec.structs.replace(link, awaits=looked_for) if newest else link


def _stands(link: EntityLink, account: str) -> bool:
    if link.entity.entity_type != EntityType.ACCOUNT or link.fields.get(DELETED) is True:
        return False
    return accounts_of(link) == (account,)


def _with_names(link: EntityLink, names: Sequence[str], record: Record) -> EntityLink:
    """A name is kept although a later record does not tell it: who refers to it must be led along."""
    found = tuple(dict.fromkeys((*link.names, *names)))
    newest = record.version >= link.version
    named = record.accounts[0] if len(record.accounts) == 1 and newest else link.named
    merged = record.merged_into if newest and (record.merged_into or not record.partial) else link.merged_into
    if (found, named, merged) == (link.names, link.named, link.merged_into):
        return link
    return msgspec.structs.replace(link, names=found, named=named, merged_into=merged)


def _looked_up(delivery: Delivery, record: Record, habits: Habits) -> Iterable[str]:
    tenant = delivery.tenant_id
    key = link_key(delivery, record)
    if record.accounts:
        if not habits.follows_accounts:
            return
        names = [name_key(tenant, Reference(ACCOUNT, account)) for account in record.accounts]
    else:
        names = [name_key(tenant, reference) for references in record.via for reference in references]
    yield from names
    if record.entity_type not in HAPPENINGS:
        yield from part_keys(names, key)


def _published(delivery: Delivery, record: Record, habits: Habits) -> list[str]:
    """Keys of the names of a record that somebody may look for."""
    kinds = habits.object_kinds.get((delivery.connector, record.entity_type), ())
    names = [Reference(kind, record.entity_id) for kind in kinds]
    names += [reference for reference in record.names if reference.kind in habits.referred]
    return [name_key(delivery.tenant_id, reference) for reference in names]


def _habits(registry: Registry, parser: Parser, tenant: str) -> Habits:
    mappings = parser.mappings(tenant)
    referred = referred_kinds(mappings)
    kinds: dict[tuple[str, str], list[str]] = {}
    for connector, objects in mappings.items():
        for name, mapping in objects.items():
            # who is merged into an account waits for it by its id, though nobody else looks for it
            if (kind := f"{connector}/{name}") in referred or mapping.entity_type == EntityType.ACCOUNT:
                kinds.setdefault((connector, mapping.entity_type), []).append(kind)
    profile = registry.get(tenant)
    return Habits(
        referred=referred,
        object_kinds={key: tuple(found) for key, found in kinds.items()},
        follows_accounts=any(
            mapping.entity_type == EntityType.ACCOUNT for objects in mappings.values() for mapping in objects.values()
        ),
        own_users={name: connector.own_users for name, connector in profile.connectors.items()},
    )
