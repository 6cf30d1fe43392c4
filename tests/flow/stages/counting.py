"""A core to test the kit with: it counts each account's receipts, tells on a timer how many came, fails on demand."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from revloop.contracts.envelope import carried
from revloop.contracts.failures import Reject, Retry
from revloop.contracts.generated.events import EntityMemory, EntityRef, Envelope, LedgerReceipt, StateRecord, Tick
from revloop.contracts.ids import derive_id
from revloop.contracts.keys import join_key
from revloop.contracts.topic import Table, Topic
from revloop.stage import Due, Effects, Emit, Refusal

CLOCK = "wall"
TELL_AFTER_MS = 1000
NOBODY = EntityRef(connector="test", entity_type="account", entity_id="", entity_key="")


class Names(msgspec.Struct, frozen=True):
    """The topics of one test: nothing of another test's is on them."""

    test: str

    @property
    def inputs(self) -> tuple[str, str]:
        return f"{self.test}.left", f"{self.test}.right"

    @property
    def output(self) -> str:
        return f"{self.test}.counts"

    @property
    def table(self) -> Table:
        changelog = f"revloop-{self.test}-counts-changelog"
        return Table(service=self.test, name="counts", changelog=changelog, states=("state/entity_memory.v1",))

    def topics(self) -> list[Topic]:
        return [_topic(name) for name in (*self.inputs, self.output)]


def _topic(name: str) -> Topic:
    return Topic(
        name=name,
        about="Of a test.",
        key="account",
        events=("ledger/receipt.v1", "raw/tick.v1"),
        producers=(),
        consumers=(),
        compact=False,
        retention_ms=-1,
        dead=f"{name}.dead",
    )


def receipt(account: str, number: int, kind: str = "count", observed_at: int = 1) -> LedgerReceipt:
    """An input: what ``kind`` is decides what becomes of it."""
    event_id = derive_id("rct", account, number, kind)
    return LedgerReceipt(
        event_id=event_id,
        event_type=LedgerReceipt.EVENT_TYPE,
        tenant_id="acme",
        account_id=account,
        source="test",
        trace_id="0" * 31 + "1",
        caused_by="",
        occurred_at=observed_at,
        observed_at=observed_at,
        entry_id="",
        kind=kind,
        subject_id="",
        index=number,
        leaf_hash="",
    )


def tick(at: int) -> Tick:
    """The clock reaches ``at``."""
    return Tick(
        event_id=derive_id("tck", CLOCK, at),
        event_type=Tick.EVENT_TYPE,
        tenant_id="",
        account_id="",
        source="clock",
        trace_id="0" * 31 + "2",
        caused_by="",
        occurred_at=at,
        observed_at=at,
        clock=CLOCK,
        at=at,
    )


class CountingCore:
    """Emits each receipt with its number in its account's row, and by timer how many came since the last timer."""

    def __init__(self, output: str, outage: Path) -> None:
        self._output = output
        self._outage = outage

    def keys(self, event: Envelope | Due) -> Sequence[str]:
        return () if isinstance(event, Tick | Due) else (join_key(event.tenant_id, event.account_id),)

    def clock_of(self, tenant_id: str) -> str:
        return CLOCK

    def step(self, states: Mapping[str, StateRecord], event: Envelope | Due, now: int) -> Effects:
        if isinstance(event, Tick):
            return Effects(emits=(Emit(self._output, event),))
        if isinstance(event, Due):
            return self._tell(event, states[event.key])
        assert isinstance(event, LedgerReceipt)
        self._fail(event)
        return self._count(states, event, now)

    def _fail(self, event: LedgerReceipt) -> None:
        match event.kind:
            case "reject":
                raise Reject("not_wanted", "This receipt asked to be refused.")
            case "retry" if self._outage.exists():
                raise Retry(f"{self._outage.name} lasts")
            case "bug":
                raise ZeroDivisionError("a bug in the core")
            case "hang":
                time.sleep(3600)

    def _count(self, states: Mapping[str, StateRecord], event: LedgerReceipt, now: int) -> Effects:
        [key] = self.keys(event)
        known = states.get(key)
        counters = dict(known.counters) if isinstance(known, EntityMemory) else {"count": 0, "told": 0}
        counters["count"] += 1
        due_at = known.due_at if isinstance(known, EntityMemory) and known.due_at else now + TELL_AFTER_MS
        said = self._said(event, event, event.account_id, "counted", counters["count"])
        refusals = (Refusal("half_wanted", "Counted, and refused all the same."),) if event.kind == "half" else ()
        return Effects({key: _memory(event.account_id, counters, due_at)}, (Emit(self._output, said),), refusals)

    def _tell(self, due: Due, memory: StateRecord) -> Effects:
        assert isinstance(memory, EntityMemory)
        since = memory.counters["count"] - memory.counters["told"]
        said = self._said(due.tick, memory, memory.account_id, "told", since)
        counters = {**memory.counters, "told": memory.counters["count"]}
        return Effects({due.key: _memory(memory.account_id, counters, None)}, (Emit(self._output, said),))

    def _said(
        self, cause: Envelope, of: LedgerReceipt | EntityMemory, account: str, kind: str, index: int
    ) -> LedgerReceipt:
        event_id = derive_id("out", cause.event_id, account, kind, index)
        envelope = carried(LedgerReceipt, cause, event_id=event_id, source="counting", account_id=account)
        envelope["tenant_id"] = of.tenant_id
        return LedgerReceipt(**envelope, entry_id="", kind=kind, subject_id=cause.event_id, index=index, leaf_hash="")


def _memory(account: str, counters: dict[str, int], due_at: int | None) -> EntityMemory:
    return EntityMemory(
        entity=NOBODY,
        account_id=account,
        tenant_id="acme",
        snapshot_id="",
        version=0,
        occurred_at=0,
        observed_at=0,
        fields={},
        open=(),
        counters=counters,
        due_at=due_at,
    )
