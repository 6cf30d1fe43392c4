"""Takes one input of a partition, steps the core over due timers and the input, and gives what is to be written."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from revloop.contracts.failures import Reject
from revloop.contracts.generated.events import Envelope, StateRecord, Tick
from revloop.contracts.keys import tenant_of
from revloop.stage.core import Core, Due, Effects, Emit, Refusal


class StateStore(Protocol):
    """States of one partition by key."""

    def get_many(self, keys: Sequence[str]) -> Mapping[str, StateRecord]:
        """The states that exist among ``keys``."""
        ...

    def put(self, key: str, state: StateRecord | None) -> None:
        """Remember ``state``; ``None`` deletes."""
        ...

    def due(self) -> Iterable[tuple[str, int]]:
        """Every key whose state has a timer, with its time (ms): read once, when the partition is taken over."""
        ...


class Handled(msgspec.Struct, gc=False):
    """All that one input led to, in order."""

    emits: list[Emit] = msgspec.field(default_factory=list)
    refusals: list[Refusal] = msgspec.field(default_factory=list)


class Processor:
    """Steps one core over one partition; timers are an index of the states, rebuilt with them and never scanned."""

    def __init__(self, core: Core, store: StateStore) -> None:
        self._core = core
        self._store = store
        self._due: dict[str, int] = {}
        self._heaps: dict[str, list[tuple[int, str]]] = {}
        for key, at in store.due():
            self._arm(key, at)

    def handle(self, event: Envelope) -> Handled:
        """Handle one input; due timers of a tick's clock come first, earliest first, then by key."""
        handled = Handled()
        if isinstance(event, Tick):
            self._run_due(event, handled)
            now = event.at
        else:
            now = event.observed_at
        self._step(event, self._core.keys(event), now, handled)
        return handled

    def _run_due(self, tick: Tick, handled: Handled) -> None:
        heap = self._heaps.get(tick.clock)
        while heap and heap[0][0] <= tick.at:
            at, key = heapq.heappop(heap)
            if self._due.get(key) != at:
                continue  # re-armed or gone since: the entry that counts is elsewhere in the heap
            del self._due[key]
            self._step(Due(key=key, at=at, tick=tick), (key,), tick.at, handled)
            if (again := self._due.get(key)) is not None and again <= tick.at:
                raise RuntimeError(f"the timer of {key!r} is due at {again}, not after the tick {tick.at} that ran it")

    def _step(self, event: Envelope | Due, keys: Sequence[str], now: int, handled: Handled) -> None:
        try:
            effects = self._core.step(self._store.get_many(keys), event, now)
        except Reject as refusal:
            handled.refusals.append(Refusal(refusal.reason, refusal.detail))
            return
        self._apply(effects)
        handled.emits.extend(effects.emits)
        handled.refusals.extend(effects.refusals)

    def _apply(self, effects: Effects) -> None:
        for key, state in effects.states.items():
            self._store.put(key, state)
            self._arm(key, getattr(state, "due_at", None))

    def _arm(self, key: str, at: int | None) -> None:
        if at is None:
            self._due.pop(key, None)
        elif self._due.get(key) != at:
            self._due[key] = at
            heapq.heappush(self._heaps.setdefault(self._core.clock_of(tenant_of(key)), []), (at, key))
