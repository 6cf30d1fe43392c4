"""Finds the account of every record: deliveries come in, each account's stream and the fate of every item go out."""

from collections.abc import Mapping, Sequence

import msgspec

from revloop.contracts.entities import EntityType
from revloop.contracts.envelope import caused
from revloop.contracts.failures import Reject
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import (
    Delivery,
    DeliveryDisposition,
    DeliverySeen,
    Disposition,
    EntityLink,
    Envelope,
    StateRecord,
    TenantClock,
    TenantCycles,
    Tick,
)
from revloop.contracts.ids import derive_id
from revloop.contracts.keys import join_key, tenant_of
from revloop.contracts.times import DAY_MS
from revloop.integrations.record import Normaliser, Record
from revloop.stage import Due, Effects, Emit, Needs, Refusal
from revloop.tenants import Profile, Registry, UnknownTenant
from services.ingest.core.cycles import count_closed, cycles_key, tell
from services.ingest.core.directory import Missing
from services.ingest.core.linker import Linker, link_key
from services.ingest.core.links import Fate
from services.ingest.core.parsed import Parsed, Parser
from services.ingest.core.writes import note_write, written_entity

SOURCE = "ingest"
WALL = "wall"
"""The clock of all tenants that live in the present."""
SEEN_MS = 7 * DAY_MS
"""How long a delivery is remembered, on its tenant's clock: one that comes again later is taken for a new one, and its
items, unchanged, for duplicates of their records."""


NUMBERS_SHOWN = 10


class Tally(msgspec.Struct):
    """Items of one delivery by fate (law 4)."""

    records: int = 0
    duplicates: int = 0
    parked: int = 0
    dead: int = 0


class Read(msgspec.Struct, frozen=True):
    """A delivery's content and the keys of its states: found for ``keys``, used again by the ``step`` that follows."""

    parsed: Parsed
    seen_key: str
    link_keys: Sequence[str]
    """Of each item, in order; empty for one that was refused."""
    name_keys: Sequence[str]
    """Of everything that leads from a record to an account, or from an account to another."""
    written_key: str | None
    """Link of the entity that our own effect wrote to."""
    deal_keys: Sequence[str] = ()
    """Links of the deals among the items."""


class ResolverCore:
    """Pure: profiles and vendor normalisers are given once and do not change while it lives."""

    def __init__(self, registry: Registry, normalisers: Mapping[str, Normaliser]) -> None:
        self._registry = registry
        self._parser = Parser(registry, normalisers)
        self._linker = Linker(registry, self._parser)
        self._last: tuple[str, Read] | None = None  # a pure result kept between keys() and step() of one delivery
        self._asked: set[str] = set()  # as is this: what was asked for while one delivery is handled

    def clock_of(self, tenant_id: str) -> str:
        """The clock of the tenant's profile."""
        return self._registry.get(tenant_id).clock_id

    def keys(self, event: Envelope | Due) -> Sequence[str]:
        """The delivery's own key, and the link of each record in it."""
        if isinstance(event, Tick):
            return (_clock_key(event),)
        if not isinstance(event, Delivery):
            return ()
        read = self._read(event)
        named = (*filter(None, read.link_keys), *read.name_keys, *filter(None, (read.written_key,)))
        named += (cycles_key(event.tenant_id),) if read.deal_keys else ()
        keys = [read.seen_key, *dict.fromkeys(named)]
        self._asked = set(keys)
        return keys

    def step(self, states: Mapping[str, StateRecord], event: Envelope | Due, now: int) -> Effects | Needs:
        """Deliveries are resolved, ticks go to every partition, what was remembered long enough is forgotten."""
        match event:
            case Delivery():
                try:
                    return self._resolve(states, event)
                except Missing as missing:
                    self._asked.update(missing.keys)
                    return Needs(missing.keys)
            case Tick():
                return _forward(states, event)
            case Due():
                known = states[event.key]
                if isinstance(known, TenantCycles):
                    return tell(event, known, self._registry.get(tenant_of(event.key)))
                return Effects({event.key: None})
            case _:
                raise Reject(
                    "unexpected_event", f"The resolver has no use for {event.event_type}: check schemas/topics.yaml."
                )

    def _read(self, delivery: Delivery) -> Read:
        if self._last is None or self._last[0] != delivery.event_id:
            self._last = (delivery.event_id, self._read_anew(delivery))
        return self._last[1]

    def _read_anew(self, delivery: Delivery) -> Read:
        seen = join_key(delivery.tenant_id, "seen", delivery.event_id)
        try:
            profile = self._registry.get(delivery.tenant_id)
        except UnknownTenant as refusal:
            return Read(Parsed((), refusal), seen, (), (), None)
        parsed = self._parser.parse(delivery, profile)
        if parsed.vendor_id:
            seen = join_key(delivery.tenant_id, "seen", delivery.connector, parsed.vendor_id)
        links = [link_key(delivery, item) if isinstance(item, Record) else "" for item in parsed.records]
        names = self._linker.name_keys(delivery, parsed.records)
        deals = [link for item, link in zip(parsed.records, links, strict=True) if _is_deal(item)]
        return Read(parsed, seen, links, names, self._written(profile, parsed), deals)

    def _written(self, profile: Profile, parsed: Parsed) -> str | None:
        if parsed.outcome is None:
            return None
        target = parsed.outcome.target
        entity_type = self._parser.entity_type(profile, target.system, target.object)
        return written_entity(profile.tenant, parsed.outcome, entity_type)

    def _resolve(self, states: Mapping[str, StateRecord], delivery: Delivery) -> Effects:
        read = self._read(delivery)
        refused = read.parsed.refusal
        if isinstance(refused, UnknownTenant):
            raise refused  # there is no clock to remember it by and no account to show it in
        seen = states.get(read.seen_key)
        assert seen is None or isinstance(seen, DeliverySeen)  # such keys hold nothing else
        if seen is not None and not seen.refused:
            return _again(read.seen_key, seen, delivery)
        if refused is not None:
            marked = _mark(seen, delivery, refused=True)
            said = _disposition(delivery, DeliveryDisposition.dead, Tally(), refused.reason, _repeat(seen, marked))
            return Effects({read.seen_key: marked}, (said,), (Refusal(refused.reason, refused.detail),))
        if not read.parsed.records:
            marked = _mark(seen, delivery, refused=False)
            said = _disposition(delivery, DeliveryDisposition.empty, Tally(), told=_repeat(seen, marked))
            return Effects({read.seen_key: marked}, (said,))
        return self._items(states, delivery, read, seen)

    def _items(
        self, states: Mapping[str, StateRecord], delivery: Delivery, read: Read, seen: DeliverySeen | None
    ) -> Effects:
        marked = _mark(seen, delivery, refused=False)
        repeat = _repeat(seen, marked)
        desk = self._linker.desk(delivery, states, self._asked, repeat)
        refused: list[tuple[int, Reject]] = []
        tally = Tally()
        for number, (record, key) in enumerate(zip(read.parsed.records, read.link_keys, strict=True)):
            try:
                if isinstance(record, Reject):
                    raise record
                fate = desk.take(number, record, key)
            except Missing as missing:
                desk.ask_for_the_rest(missing, read.parsed.records[number + 1 :], read.link_keys[number + 1 :])
                raise
            except Reject as refusal:
                tally.dead += 1
                refused.append((number, refusal))
                continue
            _count(tally, fate)
        changed, emits = desk.changed, desk.emits
        _note_write(states, read, changed)
        if read.deal_keys:
            profile = self._registry.get(delivery.tenant_id)
            changed.update(count_closed(states, changed, read.deal_keys, profile, delivery.observed_at))
        changed[read.seen_key] = msgspec.structs.replace(marked, refused=bool(refused))
        emits.append(_disposition(delivery, DeliveryDisposition.parsed, tally, told=repeat))
        return Effects(changed, emits, _refusals(delivery, refused))


def _is_deal(item: Record | Reject) -> bool:
    return isinstance(item, Record) and item.entity_type == EntityType.OPPORTUNITY


def _note_write(states: Mapping[str, StateRecord], read: Read, changed: dict[str, StateRecord | None]) -> None:
    if read.written_key is None or read.parsed.outcome is None:
        return
    known = changed.get(read.written_key) or states.get(read.written_key)
    if isinstance(known, EntityLink):
        changed[read.written_key] = note_write(known, read.parsed.outcome)


def _mark(seen: DeliverySeen | None, delivery: Delivery, *, refused: bool) -> DeliverySeen:
    """What is remembered of a delivery; one of which something was refused may be driven again once that is mended.

    What was good in it is then a duplicate of its records. The memory's end tells each time from the last.
    """
    end = delivery.observed_at + SEEN_MS if seen is None or seen.due_at is None else seen.due_at + 1
    return DeliverySeen(due_at=end, refused=refused)


def _repeat(seen: DeliverySeen | None, marked: DeliverySeen) -> tuple[int, ...]:
    """What tells a delivery that was driven again from its first time."""
    return () if seen is None or marked.due_at is None else (marked.due_at,)


def _again(key: str, seen: DeliverySeen, delivery: Delivery) -> Effects:
    """Each repeat is counted: the memory's end moves on by a millisecond, which tells one repeat from the next."""
    due_at = (delivery.observed_at + SEEN_MS if seen.due_at is None else seen.due_at) + 1
    said = _disposition(delivery, DeliveryDisposition.duplicate, Tally(), told=(due_at,))
    return Effects({key: DeliverySeen(due_at=due_at, refused=False)}, (said,))


def _refusals(delivery: Delivery, refused: Sequence[tuple[int, Reject]]) -> list[Refusal]:
    """One for each reason, not one for each item: every dead letter holds the whole delivery."""
    by_reason: dict[str, list[tuple[int, Reject]]] = {}
    for number, refusal in refused:
        by_reason.setdefault(refusal.reason, []).append((number, refusal))
    return [
        Refusal(reason, f"{_numbers(found)} of {delivery.event_id}: {found[0][1].detail}")
        for reason, found in by_reason.items()
    ]


def _numbers(found: Sequence[tuple[int, Reject]]) -> str:
    shown = ", ".join(str(number) for number, _ in found[:NUMBERS_SHOWN])
    if len(found) == 1:
        return f"Item {shown}"
    more = f" and {len(found) - NUMBERS_SHOWN} more" if len(found) > NUMBERS_SHOWN else ""
    return f"Items {shown}{more} (the first is described)"


def _count(tally: Tally, fate: Fate) -> None:
    match fate:
        case Fate.RECORD:
            tally.records += 1
        case Fate.DUPLICATE:
            tally.duplicates += 1
        case Fate.PARKED:
            tally.parked += 1


def _disposition(
    delivery: Delivery, fate: DeliveryDisposition, tally: Tally, reason: str = "", told: Sequence[int] = ()
) -> Emit:
    event = caused(
        Disposition,
        delivery,
        event_id=derive_id("dsp", delivery.event_id, fate.value, delivery.observed_at, *told),
        source=SOURCE,
        delivery_id=delivery.event_id,
        connector=delivery.connector,
        disposition=fate,
        items=tally.records + tally.duplicates + tally.parked + tally.dead,
        records=tally.records,
        duplicates=tally.duplicates,
        parked=tally.parked,
        dead=tally.dead,
        reason=reason,
    )
    return Emit(topics.RAW_DISPOSITIONS, event)


def _forward(states: Mapping[str, StateRecord], tick: Tick) -> Effects:
    key = _clock_key(tick)
    known = states.get(key)
    if isinstance(known, TenantClock):
        if tick.at < known.at:
            raise Reject(
                "tick_backwards",
                f"Clock {tick.clock} stands at {known.at}, a tick says {tick.at}: time does not go back.",
            )
        if tick.at == known.at:
            return Effects()
    everywhere = tick.clock != WALL  # the wall's ticks are on every partition already
    return Effects({key: TenantClock(at=tick.at)}, (Emit(topics.RAW_SNAPSHOTS, tick, every_partition=everywhere),))


def _clock_key(tick: Tick) -> str:
    return join_key(tick.tenant_id, "clock", tick.clock)
