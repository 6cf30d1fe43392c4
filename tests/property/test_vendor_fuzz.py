"""No damaged body of a vendor stops ingest: each is read, empty or refused with a reason, and all of it adds up.

Each body goes through the resolver as in production, by the profiles that ship. Whatever comes of it must encode, come
back the same, and keep the types that the other stages count on.
"""

import gc
import gzip
import json
import random
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import pytest

from revloop.contracts import codec
from revloop.contracts.entities import FIELDS, FieldType
from revloop.contracts.generated.events import (
    Delivery,
    DeliverySeen,
    Disposition,
    EntityLink,
    Envelope,
    Snapshot,
    StateRecord,
)
from revloop.contracts.times import day_of, iso, parse_iso
from revloop.integrations import load_normalisers
from revloop.integrations.record import MAX_ID_LENGTH, Record, Scalar
from revloop.replay.pipeline import MemoryStore
from revloop.stage import Handled, Processor
from revloop.tenants import Registry
from services.ingest.core.feed import delivery
from services.ingest.core.parsed import Parser
from services.ingest.core.resolver import ResolverCore
from tests.figures import write_if_asked
from tests.loops import PROFILES, ROOT, SHARED
from tests.property.mutations import mutated, odd

SEED = 20_240_627
IN_CI, IN_A_CAMPAIGN = 3_000, 120_000
SLOWEST_MS = 250.0
SOUND = 0.8
"""So many begin as a body that some profile reads; the others (errors, tables, other answers) are refused as a rule."""
TOGETHER = 100
"""Bodies of one connector that share their states, so that they meet what earlier ones left behind."""
LONGEST_DETAIL = 1_000
LONGEST_KEY = 12 * MAX_ID_LENGTH + 1_000
"""An id of four-byte characters, percent-encoded, and what is around it."""
START = 1_700_000_000_000
NORMALISERS = load_normalisers()
FOLDERS = {type(found).__module__.split(".")[-2]: name for name, found in NORMALISERS.items()}
FIXTURES = SHARED / "fixtures" / "deliveries.jsonl.gz"
REQUESTS = ("", '{"modified_since": null, "page": 1}', '{"modified_since": "2018"}', "[]", "{", "[" * 100_000)
PAGE = ROOT / "docs" / "generated" / "fuzz.md"
TEXT = """# Damaged bodies of every vendor

Bodies of ten vendors ({seeds} whole ones to begin with), each damaged in some ways by a seeded chance
(`tests/property/mutations.py`), went through ingest's core by the profiles that ship. Every body was read, empty or
refused with a reason; all that came of it was encoded and decoded again. A body counts once under each reason for which
it, or one of its items, was refused.

| connector | bodies | read | empty | refused | items | of them refused | refused by reason, bodies | crashes |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: |
{rows}
Together {bodies:,} bodies and {crashes} crashes. The slowest body took {slowest:.1f} ms of a processor, {mean:.2f} ms
the mean, without the pauses of the garbage collector. Repeat with `make test-long`, or
`pytest -m long tests/property/test_vendor_fuzz.py` (`REVLOOP_SHARED_DATA` names the delivery logs; without them there
are but the {examples} examples of the vendors' folders to begin with).
"""


class Seed(msgspec.Struct, frozen=True):
    """A body as a vendor sends it."""

    connector: str
    resource: str
    body: bytes


def examples() -> Iterator[Seed]:
    """The bodies of the vendors' folders."""
    for path in sorted((ROOT / "revloop" / "integrations").glob("*/examples/*.json")):
        found = json.loads(path.read_bytes())
        body = found["text"].encode() if "text" in found else json.dumps(found["body"]).encode()
        yield Seed(FOLDERS[path.parents[1].name], found["resource"], body)


def fixtures() -> Iterator[Seed]:
    """Those of the delivery logs, where these are; tables of a warehouse as if they were answers of the vendor."""
    if not FIXTURES.exists():
        return
    with gzip.open(FIXTURES) as lines:
        for line in map(json.loads, lines):
            body = json.dumps(line["body"]).encode()
            yield Seed(line["connector"], line["resource"].removeprefix("table:"), body)


class Store(MemoryStore):
    """Keeps states of one group of bodies, and which of them the last body changed.

    It forgets that a delivery was seen: a damaged body with the id of an earlier one is to be read all the same.
    """

    def __init__(self) -> None:
        super().__init__()
        self.changed: dict[str, StateRecord | None] = {}

    def put(self, key: str, state: StateRecord | None) -> None:
        self.changed[key] = state
        super().put(key, None if isinstance(state, DeliverySeen) else state)


class Tally:
    """What became of the bodies of one connector."""

    def __init__(self) -> None:
        self.fates: Counter[str] = Counter()
        self.items: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.crashes: list[str] = []
        self.ns: list[int] = []

    def row(self, connector: str) -> str:
        """A line of the page."""
        fates, items = self.fates, self.items
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(self.reasons.items()))
        counts = [len(self.ns), fates["parsed"], fates["empty"], fates["dead"], items["items"], items["dead"]]
        shown = " | ".join(f"{count:,}" for count in counts)
        return f"| {connector} | {shown} | {reasons} | {len(self.crashes)} |\n"


class Fuzz:
    """Sends damaged bodies of one connector after the other through ingest's core."""

    def __init__(self, seeds: Sequence[Seed]) -> None:
        self._registry = Registry.load(PROFILES)
        self._core = ResolverCore(self._registry, NORMALISERS)
        self._seeds = {name: [seed for seed in seeds if seed.connector == name] for name in sorted(NORMALISERS)}
        self._tenants = {
            name: [tenant for tenant in self._registry.tenants() if name in self._registry.get(tenant).connectors]
            for name in self._seeds
        }
        parser = Parser(self._registry, NORMALISERS)
        self._sound = {name: [seed for seed in own if self._is_read(parser, seed)] for name, own in self._seeds.items()}
        self.tallies = {name: Tally() for name in self._seeds}

    def run(self, bodies: int) -> None:
        """As many of each connector; body ``n`` of a connector is the same however many are run."""
        for connector, tally in self.tallies.items():
            for number in range(bodies // len(self.tallies)):
                if number % TOGETHER == 0:
                    store = Store()
                    processor = Processor(self._core, store)
                event = self._event(connector, number)
                store.changed.clear()
                try:
                    self._one(processor, store, event, tally)
                except Exception:  # noqa: BLE001  # each crash is counted and shown; the run goes on to find all of them
                    tally.crashes.append(_shown(event, number))

    def _is_read(self, parser: Parser, seed: Seed) -> bool:
        """Whether some profile finds a record in it while it is not damaged."""
        for tenant in self._tenants[seed.connector]:
            event = _delivery(seed, tenant_id=tenant, seq=0, body=seed.body)
            parsed = parser.parse(event, self._registry.get(tenant))
            if any(isinstance(record, Record) for record in parsed.records):
                return True
        return False

    def _event(self, connector: str, number: int) -> Delivery:
        chance = random.Random(f"{SEED} {connector} {number}")
        seed = chance.choice((self._sound if chance.random() < SOUND else self._seeds)[connector])
        other = chance.choice(self._seeds[connector])
        return _delivery(
            other if chance.random() < 0.1 else seed,
            tenant_id=chance.choice(self._tenants[connector]),
            seq=number + 1,
            body=mutated(chance, seed.body, other.body),
            mode=chance.choice(("webhook", "poll")),
            request=chance.choice(REQUESTS),
        )

    def _one(self, processor: Processor, store: Store, event: Delivery, tally: Tally) -> None:
        gc.disable()  # a pause of the collector is no body's doing
        began = time.thread_time_ns()
        try:
            handled = processor.handle(event)
        finally:
            tally.ns.append(time.thread_time_ns() - began)
            gc.enable()
        fate = own_fate(handled)
        tally.fates[fate.disposition.value] += 1
        for name in ("items", "records", "duplicates", "parked", "dead"):
            tally.items[name] += getattr(fate, name)
        tally.reasons.update({refusal.reason for refusal in handled.refusals})
        holds_for_events([emit.event for emit in handled.emits if emit.event is not None])
        holds_for_states(store.changed)


def _delivery(seed: Seed, *, tenant_id: str, seq: int, body: bytes, mode: str = "poll", request: str = "") -> Delivery:
    """A body that comes as ``seed`` would."""
    return delivery(
        at=START + seq * 60_000,
        seq=seq,
        tenant_id=tenant_id,
        connector=seed.connector,
        mode=mode,
        resource=seed.resource,
        request=request,
        body=body,
    )


def own_fate(handled: Handled) -> Disposition:
    """What became of the delivery itself; it is accounted for, and so is each of its items."""
    told = [emit.event for emit in handled.emits if isinstance(emit.event, Disposition)]
    [fate] = [one for one in told if one.disposition.value != "redriven"]
    kind, refusals = fate.disposition.value, handled.refusals
    assert kind in ("parsed", "empty", "dead")
    assert fate.items == fate.records + fate.duplicates + fate.parked + fate.dead
    assert (kind == "parsed") == (fate.items > 0)
    assert bool(refusals) == (kind == "dead" or fate.dead > 0)
    assert kind != "dead" or [refusal.reason for refusal in refusals] == [fate.reason]
    for refusal in refusals:
        assert refusal.reason
        assert refusal.detail
        assert len(refusal.detail) <= LONGEST_DETAIL, refusal.detail[:LONGEST_DETAIL]
    return fate


def holds_for_events(events: Sequence[Envelope]) -> None:
    """Each comes back from its bytes as it was, and snapshots hold what their fields are said to hold."""
    for event in events:
        assert codec.decode(codec.encode(event)) == event
        if isinstance(event, Snapshot):
            holds_for_fields(event.entity.entity_type, event.fields)


def holds_for_states(states: Mapping[str, StateRecord | None]) -> None:
    """The same of states, and their keys have an end."""
    for key, state in states.items():
        assert len(key) <= LONGEST_KEY
        if state is not None:
            assert codec.decode(codec.encode(state)) == state
        if isinstance(state, EntityLink):
            holds_for_fields(state.entity.entity_type, state.fields)


def holds_for_fields(entity_type: str, fields: Mapping[str, Scalar]) -> None:
    """What the other stages read without looking: a time that cannot be read would stop them."""
    for name, kind in FIELDS.get(entity_type, {}).items():
        value = fields.get(name)
        assert value is None or _is(kind, value), f"{entity_type}.{name} is {value!r}, no {kind}"


def _is(kind: FieldType, value: Scalar) -> bool:
    match kind:
        case FieldType.NUMBER:
            return isinstance(value, float)
        case FieldType.FLAG:
            return isinstance(value, bool)
        case FieldType.DAY:
            return isinstance(value, str) and day_of(parse_iso(value)) == value
        case FieldType.MOMENT:
            return isinstance(value, str) and iso(parse_iso(value)) == value
    return isinstance(value, str)


def _shown(event: Delivery, number: int) -> str:
    where = f"{event.connector} {number}: tenant {event.tenant_id}, {event.mode.value} {event.resource}"
    return f"{where}\n{event.body[:1500]!r}\n{traceback.format_exc(limit=-6)}"


def checked(fuzz: Fuzz, bodies: int) -> None:
    """Nobody crashed, everybody is accounted for, and each connector was both read and refused."""
    crashes = [crash for tally in fuzz.tallies.values() for crash in tally.crashes]
    kinds = {crash.splitlines()[-1]: crash for crash in crashes}
    assert not crashes, f"{len(crashes)} crashes of {len(kinds)} kinds:\n" + "\n".join(list(kinds.values())[:5])
    assert sum(len(tally.ns) for tally in fuzz.tallies.values()) == bodies
    for connector, tally in fuzz.tallies.items():
        assert sum(tally.fates.values()) == bodies // len(fuzz.tallies)
        assert tally.items["records"] + tally.items["parked"] > 0, f"{connector}: damaged beyond what anyone reads"
        assert len(tally.reasons) >= 3, connector


def test_no_damaged_body_stops_ingest() -> None:
    fuzz = Fuzz([*examples(), *fixtures()])
    fuzz.run(IN_CI)
    checked(fuzz, IN_CI)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_no_damaged_body_stops_ingest_in_a_campaign() -> None:
    seeds = [*examples(), *fixtures()]
    fuzz = Fuzz(seeds)
    fuzz.run(IN_A_CAMPAIGN)
    checked(fuzz, IN_A_CAMPAIGN)
    times = [ns / 1e6 for tally in fuzz.tallies.values() for ns in tally.ns]
    text = TEXT.format(
        seeds=len(seeds),
        examples=sum(1 for _ in examples()),
        rows="".join(tally.row(connector) for connector, tally in fuzz.tallies.items()),
        bodies=len(times),
        crashes=sum(len(tally.crashes) for tally in fuzz.tallies.values()),
        slowest=max(times),
        mean=sum(times) / len(times),
    )
    write_if_asked(PAGE, text)
    assert max(times) < SLOWEST_MS


def test_damage_is_the_same_for_the_same_chance() -> None:
    for seed in examples():
        first, second = (mutated(random.Random(7), seed.body, b"{}") for _ in (1, 2))
        assert first == second
    kinds = {type(odd(random.Random(number))) for number in range(200)}
    assert kinds >= {str, int, float, list, dict, bool, type(None)}
