"""What a backtest can be asked to count: each measure is data in a map file, and reads the log of one tenant."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from revloop.contracts.generated.events import SignalChange, SignalChangeKind
from revloop.contracts.times import DAY_MS, parse_iso
from revloop.integrations.record import Record, Scalar

FIRST = frozenset({SignalChangeKind.opened, SignalChangeKind.happened})
LAST = frozenset({SignalChangeKind.cleared, SignalChangeKind.expired})
FOREVER = 2**62


class Distinct(StrEnum):
    """What is counted."""

    EACH = "each"
    ENTITIES = "entities"
    ACCOUNTS = "accounts"


class Said(msgspec.Struct, frozen=True, gc=False):
    """One change of a signal, as far as measures look."""

    signal_id: str
    account: str
    entity: str
    change: SignalChangeKind
    at: int
    value: float | None
    figures: Mapping[str, Scalar]
    """What its evidence says after the change, by field."""


def said(event: SignalChange) -> Said:
    """The part of ``event`` that measures look at."""
    figures = {item.field: item.after for item in event.evidence}
    return Said(
        event.signal_id,
        event.account_id,
        event.entity.entity_key,
        event.change,
        event.observed_at,
        event.value,
        figures,
    )


class SignalLog:
    """Changes of one tenant's signals by type, in order."""

    def __init__(self) -> None:
        self._by_type: dict[str, list[Said]] = {}

    def add(self, event: SignalChange) -> None:
        """Keep one change."""
        self._by_type.setdefault(event.signal_type, []).append(said(event))

    def of(self, signal_type: str) -> Sequence[Said]:
        """Every change of one type."""
        return self._by_type.get(signal_type, ())

    def active(self, signal_type: str) -> list[tuple[Said, int, int]]:
        """Each signal of a type as (its first change, from, until): ACTIVE after every tick in [from, until)."""
        first: dict[str, Said] = {}
        ended: dict[str, int] = {}
        for one in self.of(signal_type):
            if one.change in FIRST:
                first[one.signal_id] = one
            elif one.change in LAST:
                ended[one.signal_id] = one.at
        return [(one, one.at, ended.get(name, FOREVER)) for name, one in first.items()]


# --- measures of signals


class Changes(msgspec.Struct, frozen=True, kw_only=True, tag="changes", tag_field="of", forbid_unknown_fields=True):
    """How many changes, entities or accounts."""

    signal: str
    change: tuple[SignalChangeKind, ...]
    count: Distinct = Distinct.EACH
    min_value: float | None = None
    begin: str | None = None
    until: str | None = None

    def found_in(self, log: SignalLog) -> list[Said]:
        """The changes themselves."""
        begin = parse_iso(self.begin) if self.begin else 0
        until = parse_iso(self.until) if self.until else FOREVER
        return [
            one
            for one in log.of(self.signal)
            if one.change in self.change
            and begin <= one.at <= until
            and (self.min_value is None or (one.value is not None and one.value >= self.min_value))
        ]

    def count_in(self, log: SignalLog) -> int:
        """Over a tenant's signals."""
        return distinct(self.count, ((one.account, one.entity) for one in self.found_in(log)))


class Figure(msgspec.Struct, frozen=True, kw_only=True, tag="figure", tag_field="of", forbid_unknown_fields=True):
    """Sum of a figure in the evidence of all signals of a type."""

    signal: str
    figure: str

    def count_in(self, log: SignalLog) -> int:
        """Over a tenant's signals."""
        values = (one.figures.get(self.figure) for one in log.of(self.signal) if one.change in FIRST)
        return int(sum(value for value in values if isinstance(value, int | float)))


class Ticks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Moments at which an account is looked at: fixed ones, or days after a start that the end of its key names."""

    at: tuple[str, ...] = ()
    starts: Mapping[str, str] = {}
    """End of the account key -> first day."""
    days: tuple[int, ...] = ()

    def of(self, account: str) -> Iterable[int]:
        """The moments for one account."""
        yield from map(parse_iso, self.at)
        for ending, day in self.starts.items():
            if account.endswith(ending):
                yield from (parse_iso(day) + number * DAY_MS for number in self.days)


class Active(msgspec.Struct, frozen=True, kw_only=True, tag="active", tag_field="of", forbid_unknown_fields=True):
    """Accounts with an ACTIVE signal of a type, summed over ticks."""

    signal: str
    ticks: Ticks

    def rows_in(self, log: SignalLog) -> set[tuple[str, int]]:
        """(account, tick) pairs."""
        return {
            (one.account, tick)
            for one, begin, until in log.active(self.signal)
            for tick in self.ticks.of(one.account)
            if begin <= tick < until
        }

    def count_in(self, log: SignalLog) -> int:
        """Over a tenant's signals."""
        return len(self.rows_in(log))


# --- measures of records


class Condition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a field of a record must be."""

    field: str
    one_of: tuple[bool | int | float | str | None, ...] | None = None
    above: float | str | None = None
    at_most: float | str | None = None
    begins: str | None = None

    def holds(self, fields: Mapping[str, Scalar]) -> bool:
        """Whether it does."""
        value = fields.get(self.field)
        if self.one_of is not None:
            return value in self.one_of
        if self.begins is not None:
            return isinstance(value, str) and value.startswith(self.begins)
        return _within(value, self.above, self.at_most)


def _within(value: Scalar, above: float | str | None, at_most: float | str | None) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, str):
        return (not isinstance(above, str) or value > above) and (not isinstance(at_most, str) or value <= at_most)
    low = above if isinstance(above, int | float) else float("-inf")
    high = at_most if isinstance(at_most, int | float) else float("inf")
    return low < value <= high


class When(StrEnum):
    """Which of an entity's records count."""

    EVER = "ever"
    LAST = "last"


class Records(msgspec.Struct, frozen=True, kw_only=True, tag="records", tag_field="of", forbid_unknown_fields=True):
    """Records or entities that fulfil every condition (or, with ``any``, one of them), or the sum of a field."""

    entity: str
    connector: str = ""
    where: tuple[Condition, ...] = ()
    any: bool = False
    when: When = When.EVER
    count: Distinct = Distinct.EACH
    sum: str = ""
    account: bool | None = None
    """True: only records that name an account themselves; False: only those that do not."""
    several: str = ""
    """Only entities that had several values of this field."""


class Tally:
    """Counts one ``Records`` measure over the records of a tenant."""

    def __init__(self, measure: Records) -> None:
        self._measure = measure
        self._each = 0
        self._sum = 0.0
        self._entities: dict[str, bool] = {}
        self._accounts: set[str] = set()
        self._values: dict[str, set[Scalar]] = {}

    def add(self, connector: str, record: Record) -> None:
        """Take one record, in order of arrival."""
        measure = self._measure
        if record.entity_type != measure.entity or measure.connector not in ("", connector):
            return
        if measure.account is not None and measure.account != bool(record.accounts):
            return
        check = any if measure.any else all
        holds = check(condition.holds(record.fields) for condition in measure.where)
        if measure.when is When.LAST or holds:
            self._entities[record.entity_id] = holds
        if holds:
            self._count(record)

    def _count(self, record: Record) -> None:
        measure = self._measure
        self._each += 1
        self._accounts.update(record.accounts)
        if measure.several:
            self._values.setdefault(record.entity_id, set()).add(record.fields.get(measure.several))
        value = record.fields.get(measure.sum) if measure.sum else None
        self._sum += value if isinstance(value, int | float) else 0

    def result(self) -> int:
        """What was counted."""
        measure = self._measure
        if measure.sum:
            return int(self._sum)
        if measure.several:
            return sum(len(values) > 1 for values in self._values.values())
        counted = {Distinct.EACH: self._each, Distinct.ACCOUNTS: len(self._accounts)}
        return counted.get(measure.count, sum(self._entities.values()))


class Deliveries(
    msgspec.Struct, frozen=True, kw_only=True, tag="deliveries", tag_field="of", forbid_unknown_fields=True
):
    """Deliveries, of one connector, or refused as a whole for one reason; ``by_connector`` gives a table."""

    connector: str = ""
    reason: str = ""
    by_connector: bool = False


SignalMeasure = Changes | Figure | Active
Measure = Changes | Figure | Active | Records | Deliveries


def distinct(count: Distinct, pairs: Iterable[tuple[str, str]]) -> int:
    """How many of (account, entity)."""
    found = list(pairs)
    match count:
        case Distinct.EACH:
            return len(found)
        case Distinct.ENTITIES:
            return len(set(found))
        case Distinct.ACCOUNTS:
            return len({account for account, _ in found})
