"""Perception with its states in memory: records by day go in, what is said of them and their account comes out."""

from collections.abc import Sequence

import msgspec

from revloop.contracts import codec
from revloop.contracts.entities import HAPPENINGS
from revloop.contracts.generated.events import (
    AccountView,
    EntityRef,
    Envelope,
    SignalChange,
    Snapshot,
    SnapshotChange,
    Tick,
)
from revloop.contracts.times import DAY_MS
from revloop.replay.pipeline import MemoryStore
from revloop.stage import Handled, Processor
from revloop.tenants import Profile, Registry
from revloop.tenants.profile import Clock
from services.ingest.core.feed import tick
from services.perception.core.detector import Detector, Fields, Line
from services.perception.core.detectors import load_detectors
from services.perception.core.stage import PerceptionCore

PROFILE = Profile(tenant="t", clock=Clock.FILE, stages=("Scoping/Planning", "Design", "Construction"))
DETECTORS = load_detectors()


def snapshot(
    entity_type: str,
    at: int,
    fields: Fields,
    *,
    number: str = "1",
    account: str = "a",
    change: SnapshotChange = SnapshotChange.record,
    version: int | None = None,
    baseline: bool = False,
) -> Snapshot:
    """A record of ``account`` that happened and was seen at ``at`` (ms)."""
    return Snapshot(
        event_id=f"snp_{entity_type}_{number}_{at}_{change.value}_{hash(tuple(sorted(fields.items())))}",
        event_type=Snapshot.EVENT_TYPE,
        tenant_id="t",
        account_id=account,
        source="test",
        trace_id="0" * 31 + "1",
        caused_by="",
        occurred_at=at,
        observed_at=at,
        snapshot_id=f"{entity_type}-{number}-{at if version is None else version}",
        entity=EntityRef(connector="test", entity_type=entity_type, entity_id=number, entity_key=number),
        change=change,
        version=at if version is None else version,
        fields=dict(fields),
        delivery_id="dlv",
        item=0,
        baseline=baseline,
    )


def clock(at: int) -> Tick:
    return tick("file:t", "t", at)


class Desk:
    """One partition of perception."""

    def __init__(self, profile: Profile = PROFILE, detectors: Sequence[Detector] = DETECTORS) -> None:
        self.store = MemoryStore()
        self._processor = Processor(PerceptionCore(Registry([profile]), detectors), self.store)
        self.said: list[SignalChange] = []
        self.reasons: list[str] = []

    def take(self, *events: Envelope) -> Handled:
        handled = Handled()
        for event in events:
            handled = self._processor.handle(event)
            for emit in handled.emits:
                assert emit.event is not None
                codec.encode(emit.event)
                if isinstance(emit.event, SignalChange):
                    self.said.append(emit.event)
            self.reasons += [refusal.reason for refusal in handled.refusals]
        return handled

    def view(self) -> AccountView | None:
        """What the account comes to, without what depends on the order of events."""
        found = [state for state in self.store.states.values() if isinstance(state, AccountView)]
        for state in self.store.states.values():
            codec.encode(state)
        return found[0] if found else None

    def open(self) -> set[tuple[str, str]]:
        """Type and severity of every open signal."""
        ended = {one.signal_id for one in self.said if one.status.value != "ACTIVE"}
        return {(one.signal_type, one.severity.value) for one in self.said if one.signal_id not in ended}


def told(records: Sequence[Line]) -> list[Snapshot]:
    """Records of an example: each its own, but for those of one kind that change from day to day."""
    found = []
    for number, (entity_type, day, fields, *name) in enumerate(records):
        own = str(number) if entity_type in HAPPENINGS or entity_type == "meeting" else "1"
        own = str(name[0]) if name else own
        found.append(snapshot(entity_type, day * DAY_MS, fields, number=own, version=number + 1))
    return found


def by_day(records: Sequence[Snapshot], last: int) -> list[Envelope]:
    """Records in order of days with the tick that ends each day, up to that of the day ``last``."""
    days = sorted({one.observed_at for one in records if one.observed_at < last * DAY_MS})
    events: list[Envelope] = []
    for at in days:
        events += [one for one in records if one.observed_at == at]
        events.append(clock(at))
    return [*events, *(one for one in records if one.observed_at >= last * DAY_MS), clock(last * DAY_MS)]


def timeless(view: AccountView | None) -> AccountView | None:
    """A view without what names the last record, and without what was said and is waited for."""
    if view is None:
        return None
    return msgspec.structs.replace(
        view, snapshot_id="", source="", observed_at=0, open=(), counters={}, timers={}, due_at=None
    )
