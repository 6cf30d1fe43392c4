"""Finds the account of every record: deliveries come in, each account's stream and the fate of every item go out."""

from collections.abc import Mapping, Sequence

import msgspec

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
    Tick,
)
from revloop.contracts.ids import derive_id
from revloop.contracts.keys import join_key
from revloop.contracts.times import DAY_MS
from revloop.integrations.record import Normaliser, Record
from revloop.stage import Due, Effects, Emit, Refusal
from revloop.tenants import Profile, Registry
from services.ingest.core.links import Fate, Linked, link
from services.ingest.core.parsed import Parsed, Parser
from services.ingest.core.writes import note_write, written_entity

SOURCE = "ingest"
WALL = "wall"
"""The clock of all tenants that live in the present."""
SEEN_MS = 7 * DAY_MS
"""How long a delivery is remembered, on its tenant's clock: one that comes again later is taken for a new one, and its
items, unchanged, for duplicates of their records."""


class Tally(msgspec.Struct):
    """Items of one delivery by fate (law 4)."""

    records: int = 0
    duplicates: int = 0
    parked: int = 0
    dead: int = 0


class ResolverCore:
    """Pure: profiles and vendor normalisers are given once and do not change while it lives."""

    def __init__(self, registry: Registry, normalisers: Mapping[str, Normaliser]) -> None:
        self._registry = registry
        self._parser = Parser(normalisers)
        self._last: tuple[str, Parsed] | None = None  # a pure result kept between keys() and step() of one delivery

    def clock_of(self, tenant_id: str) -> str:
        """The clock of the tenant's profile."""
        return self._registry.get(tenant_id).clock_id

    def keys(self, event: Envelope) -> Sequence[str]:
        """The delivery's own key, and the link of each record in it."""
        if isinstance(event, Tick):
            return (_clock_key(event),)
        if not isinstance(event, Delivery):
            return ()
        parsed = self._parsed(event)
        keys = [_link_key(event, record) for record in parsed.records if isinstance(record, Record)]
        if (written := self._written(event, parsed)) is not None:
            keys.append(written)
        return [_seen_key(event), *dict.fromkeys(keys)]

    def step(self, states: Mapping[str, StateRecord], event: Envelope | Due, now: int) -> Effects:
        """Deliveries are resolved, ticks go to every partition, what was remembered long enough is forgotten."""
        match event:
            case Delivery():
                return self._resolve(states, event)
            case Tick():
                return _forward(states, event)
            case Due():
                return Effects({event.key: None})
            case _:
                raise Reject(
                    "unexpected_event", f"The resolver has no use for {event.event_type}: check schemas/topics.yaml."
                )

    def _parsed(self, delivery: Delivery) -> Parsed:
        if self._last is None or self._last[0] != delivery.event_id:
            try:
                profile = self._registry.get(delivery.tenant_id)
                parsed = self._parser.parse(delivery, profile)
            except Reject as refusal:
                parsed = Parsed((), refusal)
            self._last = (delivery.event_id, parsed)
        return self._last[1]

    def _written(self, delivery: Delivery, parsed: Parsed) -> str | None:
        if parsed.outcome is None:
            return None
        return written_entity(self._registry.get(delivery.tenant_id), parsed.outcome)

    def _resolve(self, states: Mapping[str, StateRecord], delivery: Delivery) -> Effects:
        parsed = self._parsed(delivery)
        if parsed.refusal is not None and parsed.refusal.reason == "unknown_tenant":
            raise parsed.refusal  # there is no clock to remember it by and no account to show it in
        seen = _seen_key(delivery)
        if seen in states:
            return Effects(emits=(_disposition(delivery, DeliveryDisposition.duplicate, Tally()),))
        changed: dict[str, StateRecord | None] = {seen: DeliverySeen(due_at=delivery.observed_at + SEEN_MS)}
        if parsed.refusal is not None:
            refusal = Refusal(parsed.refusal.reason, parsed.refusal.detail)
            return Effects(
                changed, (_disposition(delivery, DeliveryDisposition.dead, Tally(), refusal.reason),), (refusal,)
            )
        if not parsed.records:
            return Effects(changed, (_disposition(delivery, DeliveryDisposition.empty, Tally()),))
        return self._items(states, delivery, parsed, changed)

    def _items(
        self,
        states: Mapping[str, StateRecord],
        delivery: Delivery,
        parsed: Parsed,
        changed: dict[str, StateRecord | None],
    ) -> Effects:
        profile = self._registry.get(delivery.tenant_id)
        emits: list[Emit] = []
        refusals: list[Refusal] = []
        tally = Tally()
        for number, record in enumerate(parsed.records):
            if isinstance(record, Reject):
                tally.dead += 1
                refusals.append(Refusal(record.reason, f"Item {number} of {delivery.event_id}: {record.detail}"))
                continue
            key = _link_key(delivery, record)
            known = changed.get(key) or states.get(key)
            assert known is None or isinstance(known, EntityLink)  # link keys hold nothing else
            linked = link(delivery, number, record, known, self._own_users(profile, delivery.connector))
            changed[key] = linked.link
            emits += linked.emits
            _count(tally, linked)
        if (written := self._written(delivery, parsed)) is not None and parsed.outcome is not None:
            known = changed.get(written) or states.get(written)
            if isinstance(known, EntityLink):
                changed[written] = note_write(known, parsed.outcome)
        emits.append(_disposition(delivery, DeliveryDisposition.parsed, tally))
        return Effects(changed, emits, refusals)

    @staticmethod
    def _own_users(profile: Profile, connector: str) -> tuple[str, ...]:
        found = profile.connectors.get(connector)
        return found.own_users if found else ()


def _count(tally: Tally, linked: Linked) -> None:
    match linked.fate:
        case Fate.RECORD:
            tally.records += 1
        case Fate.DUPLICATE:
            tally.duplicates += 1
        case Fate.PARKED:
            tally.parked += 1


def _disposition(delivery: Delivery, fate: DeliveryDisposition, tally: Tally, reason: str = "") -> Emit:
    event = caused(
        Disposition,
        delivery,
        event_id=derive_id("dsp", delivery.event_id, fate.value, delivery.observed_at),
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


def _seen_key(delivery: Delivery) -> str:
    return join_key(delivery.tenant_id, "seen", delivery.event_id)


def _link_key(delivery: Delivery, record: Record) -> str:
    return join_key(delivery.tenant_id, "link", delivery.connector, record.entity_type, record.entity_id)
