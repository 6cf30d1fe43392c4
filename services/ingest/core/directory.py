"""Names of records, people, domains and accounts come in; what accounts they lead to, and who waits, goes out.

It works on the states of one step. What it was not given it asks for: ``Missing`` ends the step, which comes again.
"""

from collections.abc import Iterable, Mapping, Sequence
from zlib import crc32

from revloop.contracts.entities import EntityType
from revloop.contracts.generated.events import EntityLink, LinkDependents, LinkName, StateRecord
from revloop.contracts.keys import join_key
from revloop.integrations.record import Record, Reference

ACCOUNT = "account"
"""Kind of the names of accounts: one leads elsewhere once its account was renamed or merged into another."""
CHUNKS = 16
"""Dependents of one name are kept in so many parts: a new one rewrites a part, a move reads all."""
NOBODY = LinkName(accounts=(), waiting=())


class Missing(Exception):
    """States that a step needs and was not given."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(f"{len(keys)} states")
        self.keys = keys


def name_key(tenant: str, reference: Reference) -> str:
    """Key of the state of a name."""
    return join_key(tenant, "name", reference.kind, reference.id)


def dependents_keys(name: str) -> list[str]:
    """Keys of all parts of a name's dependents."""
    return [f"{name}|dependents|{part}" for part in range(CHUNKS)]


class Directory:
    """Reads given states and collects changed ones; ``asked`` are the keys that were looked up, found or not."""

    def __init__(
        self, tenant: str, given: Mapping[str, StateRecord], asked: Iterable[str], *, follows_accounts: bool
    ) -> None:
        self._tenant = tenant
        self.follows_accounts = follows_accounts
        """Whether accounts of this tenant can be renamed or merged: where no record stands for one, none can."""
        self._given = given
        self._asked = frozenset(asked)
        self.changed: dict[str, StateRecord | None] = {}

    # --- states

    def require(self, keys: Sequence[str]) -> None:
        """Raises Missing for those that were never looked up."""
        missing = [key for key in keys if key not in self._asked and key not in self.changed]
        if missing:
            raise Missing(missing)

    def _get(self, key: str) -> StateRecord | None:
        if key in self.changed:
            return self.changed[key]
        if key not in self._asked:
            raise Missing([key])
        return self._given.get(key)

    def link(self, key: str) -> EntityLink | None:
        """The link of a record."""
        found = self._get(key)
        assert found is None or isinstance(found, EntityLink)  # link keys hold nothing else
        return found

    def _name(self, key: str) -> LinkName:
        found = self._get(key)
        assert found is None or isinstance(found, LinkName)  # nor do names
        return found or NOBODY

    # --- where a record belongs

    def accounts_of(self, record: Record, known: EntityLink | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Accounts that a record belongs to, sorted, and the keys of the names that led there.

        Of the ways that the profile gives the first with an account counts; a way may lead to several. Where the record
        that stands for an account names another key than before, it means that key and no other.
        """
        if _is_renamed(record, known):
            return record.accounts, (self.account_key(record.accounts[0]),)
        if record.accounts:
            found = self.final(record.accounts)
            return found, tuple(map(self.account_key, found)) if self.follows_accounts else ()
        for references in record.via:
            keys = [name_key(self._tenant, reference) for reference in references]
            self.require(keys)
            leading = [key for key in keys if self._name(key).accounts]
            if leading:
                return self.final(account for key in leading for account in self._name(key).accounts), tuple(leading)
        return (), ()

    def account_key(self, account: str) -> str:
        """Key of the name of an account."""
        return name_key(self._tenant, Reference(ACCOUNT, account))

    def final(self, accounts: Iterable[str]) -> tuple[str, ...]:
        """Where the keys of accounts lead after renames and merges, sorted."""
        return tuple(sorted({self._final(account) for account in accounts}))

    def _final(self, account: str) -> str:
        """Where an account's key leads after renames and merges; a redirection never closes a ring, so this ends."""
        while self.follows_accounts and (found := self._name(self.account_key(account)).accounts):
            account = found[0]
        return account

    # --- waiting

    def wait(self, record: Record, key: str) -> None:
        """The link ``key`` waits for every name that may lead to its account."""
        for name in self.looked_for(record):
            self.await_name(name, key)

    def looked_for(self, record: Record) -> tuple[str, ...]:
        """Keys of the names by which a record that names no account looks for one."""
        if record.accounts:
            return ()
        return tuple(name_key(self._tenant, reference) for references in record.via for reference in references)

    def await_name(self, name: str, key: str) -> None:
        """The link ``key`` is woken when ``name`` comes to lead anywhere."""
        known = self._name(name)
        if key not in known.waiting:
            self.changed[name] = LinkName(accounts=known.accounts, waiting=(*known.waiting, key))

    # --- names

    def publish(self, name: str, accounts: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """``name`` leads to ``accounts`` from now on; gives where it led before, and who waited for it."""
        known = self._name(name)
        if known.accounts != accounts or known.waiting:
            self.changed[name] = LinkName(accounts=accounts, waiting=())
        return known.accounts, known.waiting

    def redirect(self, old: str, new: str) -> None:
        """The account ``old`` goes by ``new`` from now on; what led to ``old`` follows."""
        self.changed[self.account_key(new)] = NOBODY
        self.changed[self.account_key(old)] = LinkName(accounts=(new,), waiting=())

    def depend(self, names: Iterable[str], key: str) -> None:
        """The link ``key`` found its account by these names."""
        for name in names:
            part = _part(name, key)
            found = self._get(part)
            links = found.links if isinstance(found, LinkDependents) else ()
            if key not in links:
                self.changed[part] = LinkDependents(links=tuple(sorted((*links, key))))

    def dependents(self, name: str) -> list[str]:
        """Keys of all links that found their account by ``name``, sorted."""
        parts = dependents_keys(name)
        self.require(parts)
        found = [self._get(part) for part in parts]
        return sorted(key for part in found if isinstance(part, LinkDependents) for key in part.links)


def _is_renamed(record: Record, known: EntityLink | None) -> bool:
    if record.entity_type != EntityType.ACCOUNT or known is None or len(record.accounts) != 1:
        return False
    return known.named not in ("", record.accounts[0])


def part_keys(names: Iterable[str], key: str) -> list[str]:
    """Keys of the parts in which the link ``key`` stands among the dependents of ``names``."""
    return [_part(name, key) for name in names]


def _part(name: str, key: str) -> str:
    return f"{name}|dependents|{crc32(key.encode()) % CHUNKS}"
