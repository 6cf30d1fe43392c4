"""What a detector is: structure only, no text judgement, re-derivable from its evidence."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

import msgspec

from revloop.contracts.generated.events import AccountView, EntityRef, OpenSignal, Severity
from revloop.tenants import Profile

Fields = Mapping[str, bool | int | float | str | None]


class View(msgspec.Struct, frozen=True, gc=False):
    """What a detector may see besides the fields: the record's entity and its tenant's settings."""

    profile: Profile
    entity_type: str
    occurred_at: int
    counters: Mapping[str, int]
    """What detectors remember of this record, such as repeated slips."""
    open: tuple[OpenSignal, ...]


class Figure(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A number or moment that a signal of an account rests on: with all of them it can be judged again."""

    name: str
    before: bool | int | float | str | None = None
    after: bool | int | float | str | None


class Happened(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event signal: it happens at a moment and lapses after ``ttl_ms``."""

    severity: Severity
    ttl_ms: int
    fields: tuple[str, ...]
    """Fields whose change is the evidence."""
    value: float | None = None
    counters: Mapping[str, int] = {}
    """Counters to remember."""
    figures: tuple[Figure, ...] = ()
    """What else supports it."""
    window: str = ""
    """Tells apart signals of one type with the same cause; the cause's id where empty."""


class Holds(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A state signal whose condition holds now."""

    severity: Severity
    fields: tuple[str, ...]
    value: float | None = None
    episode: str = ""
    """Tells apart conditions of one type on one record that may hold at the same time."""
    figures: tuple[Figure, ...] = ()
    """What else supports it."""
    subject: EntityRef | None = None
    """What it is about, where that is not the record or account that is looked at."""


class Condition(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a state detector finds: what holds now, and when that may change by time alone."""

    holds: tuple[Holds, ...] = ()
    next_at: int | None = None
    happened: Happened | None = None
    """What a look at an account finds to have happened."""


Example = tuple[str, Fields | None, Fields, int]
"""(name, before, after, as_of) of one record."""


class EventDetector(msgspec.Struct, frozen=True, kw_only=True):
    """Fires on the change of a record."""

    signal_type: str
    version: int
    entity_types: frozenset[str]
    looks_at: frozenset[str]
    """The detector is asked only when one of these fields differs."""
    detect: Callable[[Fields, Fields, View], Happened | None]
    fires: Sequence[Example] = ()
    silent: Sequence[Example] = ()


class StateDetector(msgspec.Struct, frozen=True, kw_only=True):
    """Open exactly while its condition holds; one of age or absence opens and rises on ticks only."""

    signal_type: str
    version: int
    entity_types: frozenset[str]
    by_age: bool
    condition: Callable[[Fields, View, int], Condition]
    fires: Sequence[Example] = ()
    silent: Sequence[Example] = ()


class Facet(StrEnum):
    """Part of an account's view."""

    ACCOUNT = "account"
    USAGE = "usage"
    MEETINGS = "meetings"
    CONTRACTS = "contracts"
    DEADLINES = "deadlines"
    PEOPLE = "people"


Told = tuple[str, int, Fields]
"""(entity type, day of the epoch on which it happened and was told, fields) of one record of an example."""
AccountExample = tuple[str, Sequence[Told], int]
"""(name, records, day as of which the account is looked at)."""


class AccountDetector(msgspec.Struct, frozen=True, kw_only=True):
    """Looks at an account as its records come to; asked when a facet that it looks at changed, and at its timers."""

    signal_type: str
    version: int
    looks_at: frozenset[Facet]
    condition: Callable[[AccountView, Profile, int], Condition]
    fires: Sequence[AccountExample] = ()
    silent: Sequence[AccountExample] = ()
    by_age: bool = True


Detector = EventDetector | StateDetector | AccountDetector
