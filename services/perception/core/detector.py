"""What a detector is: structure only, no text judgement, re-derivable from its evidence."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from revloop.contracts.generated.events import AccountView, EntityRef, OpenSignal, Scalar, Severity
from revloop.tenants import Profile, SignalSettings

Fields = Mapping[str, Scalar]


class View(msgspec.Struct, frozen=True, gc=False):
    """What a detector may see besides the fields: the record's entity and its tenant's settings."""

    profile: Profile
    entity_type: str
    occurred_at: int
    counters: Mapping[str, int]
    """What detectors remember of this record, such as repeated slips."""
    open: tuple[OpenSignal, ...]


class Told(Protocol):
    """What was read from one record."""

    @property
    def entity(self) -> EntityRef:
        """The record."""

    @property
    def snapshot_id(self) -> str:
        """Its content."""

    @property
    def observed_at(self) -> int:
        """When it was seen (ms)."""


class Figure(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A number or moment that a signal rests on: with all of them it can be judged again."""

    name: str
    before: Scalar = None
    after: Scalar
    of: Told | None = None
    """The record that tells it; None for what many records come to."""


class Happened(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event signal: it happens at a moment and lapses after ``ttl_ms``."""

    severity: Severity
    ttl_ms: int
    fields: tuple[str, ...]
    """Fields whose change is the evidence."""
    value: float | None = None
    counters: Mapping[str, int] = {}
    """Counters to remember; they are evidence, too."""
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
    ACTIVITY = "activity"
    CASES = "cases"
    CONTRACTS = "contracts"
    DEADLINES = "deadlines"
    DEALS = "deals"
    FIRST_USE = "first_use"
    MEETINGS = "meetings"
    PEOPLE = "people"
    USAGE = "usage"


class Kind(StrEnum):
    """When a signal of an account is told."""

    EVENT = "event"
    """It happens, and is told at once."""
    DAY = "day"
    """It happens on a day, and is told when that is over."""
    CONTENT = "content"
    """It holds by what records say: it opens on records and ticks."""
    AGE = "age"
    """It holds by age or absence: it opens and rises on ticks alone."""


class Scene(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a detector sees of an account."""

    view: AccountView
    profile: Profile
    as_of: int
    """Moment (ms) as of which it looks."""
    values: Mapping[str, float] = {}
    """Figures over all accounts of the tenant."""
    news: bool = True
    """False while a record is taken in that was there when its source was first read."""


class Finding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that may hold, or have happened: its figures alone decide."""

    figures: tuple[Figure, ...]
    episode: str = ""
    """Tells apart what may hold at the same time, or happens again."""
    subject: EntityRef | None = None
    """What it is about, where that is not the account."""
    counters: Mapping[str, int] = {}
    """What to remember of what happened."""
    news: bool = True
    """False for what happened before we looked: it is remembered and not told."""


class Look(msgspec.Struct, frozen=True, gc=False):
    """What a look at an account finds, and when it is worth looking again though no record comes."""

    findings: tuple[Finding, ...] = ()
    next_at: int | None = None


class Pair(msgspec.Struct, frozen=True, gc=False):
    """A figure's values."""

    before: Scalar
    after: Scalar


class Judged(msgspec.Struct, frozen=True, gc=False):
    """What figures come to."""

    severity: Severity
    value: float | None = None


Figures = Mapping[str, Pair]
Line = tuple[str, int, Fields] | tuple[str, int, Fields, str]
"""(entity type, day of the epoch on which it happened and was told, fields, id if it matters) of one record."""
AccountExample = tuple[str, Sequence[Line], int]
"""(name, records, day as of which the account is looked at)."""


class AccountDetector(msgspec.Struct, frozen=True, kw_only=True):
    """Looks at an account as its records come to; asked when a facet that it looks at changed, and when it said.

    ``look`` gathers figures, ``judge`` decides by them alone: what was signalled can be judged again from its evidence.
    """

    signal_type: str
    version: int
    kind: Kind
    looks_at: frozenset[Facet]
    look: Callable[[Scene], Look]
    judge: Callable[[Figures, SignalSettings], Judged | None]
    ttl_days: Callable[[SignalSettings], int] | None = None
    """What happened lapses after so many days; what still holds is told no more until it has ended once."""
    fires: Sequence[AccountExample] = ()
    silent: Sequence[AccountExample] = ()


Detector = EventDetector | StateDetector | AccountDetector


def number(pair: Pair | None) -> float:
    """A figure's present value as a number; 0 where there is none."""
    return float(pair.after) if pair is not None and isinstance(pair.after, int | float) else 0.0
