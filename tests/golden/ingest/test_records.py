"""Real logs through the resolver against the same records read by another program: fields, accounts, moves, parking."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from revloop.contracts.generated.events import Delivery, EntityLink, Snapshot, SnapshotChange
from revloop.integrations import load_normalisers
from revloop.replay.deliveries import events
from revloop.replay.pipeline import MemoryStore
from revloop.stage import Processor
from revloop.tenants import Registry
from services.ingest.core.resolver import ResolverCore
from tests.golden.ingest.raw_records import Values, issues, opportunities
from tests.loops import NYC, PROFILES, SHARED

ITSM = SHARED / "itsm"
Told = tuple[str, str, str, Values]
"""Entity, account, change and fields of one snapshot."""


class Resolved:
    """What the resolver makes of a folder."""

    def __init__(self, folder: Path, tenant: str) -> None:
        self.counts: Counter[str] = Counter()
        self.told: list[Snapshot] = []
        self._store = MemoryStore()
        registry = Registry.load(PROFILES)
        processor = Processor(ResolverCore(registry, load_normalisers()), self._store)
        for event in events([folder], registry, tenant, None):
            self.counts["deliveries"] += isinstance(event, Delivery)
            handled = processor.handle(event)
            self.counts["refused"] += len(handled.refusals)
            self.told += (emit.event for emit in handled.emits if isinstance(emit.event, Snapshot))

    @property
    def links(self) -> dict[str, EntityLink]:
        return {s.entity.entity_id: s for s in self._store.states.values() if isinstance(s, EntityLink)}

    @property
    def waiting(self) -> list[Snapshot]:
        return [snapshot for link in self.links.values() for snapshot in link.waiting]


class Expected:
    """What the raw log says: a record goes to the account it names, else to its last one, else it waits."""

    def __init__(self, raw: Iterator[tuple[str, str, int, Values]]) -> None:
        self.account: dict[str, str] = {}
        self.records: list[tuple[str, str, Values]] = []
        self.waiting: dict[str, list[Values]] = {}
        self.moves: list[str] = []
        self.parked = 0
        for entity, named, _, fields in raw:
            self._read(entity, named, fields)

    def _read(self, entity: str, named: str, fields: Values) -> None:
        before = self.account.get(entity, "")
        account = named or before
        if not account:
            self.waiting.setdefault(entity, []).append(fields)
            self.parked += 1
            return
        if before and account != before:
            self.moves.append(entity)
        self.account[entity] = account
        self.records += ((entity, account, waited) for waited in self.waiting.pop(entity, ()))
        self.records.append((entity, account, fields))


def records(told: Sequence[Snapshot], names: Sequence[str]) -> list[tuple[str, str, Values]]:
    """Entity, account and the named fields of each record, in order."""
    return [
        (s.entity.entity_id, s.account_id, {name: s.fields[name] for name in names})
        for s in told
        if s.change is SnapshotChange.record
    ]


def test_every_project_as_it_stands_in_the_log() -> None:
    resolved, expected = Resolved(NYC, "nyc"), Expected(opportunities(NYC / "deliveries.jsonl.gz"))
    names = list(expected.records[0][2])
    assert records(resolved.told, names) == expected.records
    assert (len(expected.records), len(resolved.waiting)) == (755, 296)
    assert len({snapshot.entity.entity_id for snapshot in resolved.waiting}) == 59
    assert [s.fields["name"] for s in resolved.waiting] == [f["name"] for fs in expected.waiting.values() for f in fs]
    assert resolved.counts == {"deliveries": 12, "refused": 0}


def test_versions_are_the_vendors() -> None:
    versions = {(entity, version) for entity, _, version, _ in opportunities(NYC / "deliveries.jsonl.gz")}
    resolved = Resolved(NYC, "nyc")
    assert {(s.entity.entity_id, s.version) for s in (*resolved.told, *resolved.waiting)} == versions


@pytest.mark.skipif(not ITSM.exists(), reason=f"the incident log is not at {ITSM} (set REVLOOP_SHARED_DATA)")
def test_every_incident_as_it_stands_in_the_log() -> None:
    resolved, expected = Resolved(ITSM, "itsm"), Expected(issues(ITSM / "deliveries.jsonl.gz"))
    assert resolved.counts == {"deliveries": 101_045, "refused": 0}
    assert records(resolved.told, list(expected.records[0][2])) == expected.records
    assert {entity: link.account_id for entity, link in resolved.links.items() if link.account_id} == expected.account
    left = [s.entity.entity_id for s in resolved.told if s.change is SnapshotChange.left]
    joined = [s.entity.entity_id for s in resolved.told if s.change is SnapshotChange.joined]
    assert left == joined == expected.moves
    assert (len(left), len(set(left))) == (48, 47)
    assert (expected.parked, len(resolved.waiting)) == (76, 24)
    assert len(resolved.waiting) == sum(map(len, expected.waiting.values()))
