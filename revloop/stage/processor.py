"""Takes one input of a partition, steps the core over due timers and the input, and gives what is to be written."""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from revloop.contracts.failures import Reject
from revloop.contracts.generated.events import Envelope, StateRecord, Tick
from revloop.contracts.keys import tenant_of
from revloop.stage.core import Core, Due, Effects, Emit, Refusal

FEWEST_ENTRIES_TO_SWEEP = 64
MOST_ROUNDS = 256
"""A chain of links is that long at most; a core that asks for ever has a fault."""


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


class Timers:
    """When the state of each key is due, by clock; made anew from the states it is the same."""

    def __init__(self, clock_of: Callable[[str], str]) -> None:
        self._clock_of = clock_of
        self._due: dict[str, int] = {}
        self._heaps: dict[str, list[tuple[int, str]]] = {}
        self._entries = 0

    def get(self, key: str) -> int | None:
        """When ``key`` is due."""
        return self._due.get(key)

    def set(self, key: str, at: int | None) -> None:
        """``key`` is due at ``at`` and no other time; ``None``: never."""
        if at is None:
            self._due.pop(key, None)
        elif self._due.get(key) != at:
            self._due[key] = at
            heapq.heappush(self._heaps.setdefault(self._clock_of(tenant_of(key)), []), (at, key))
            self._entries += 1
            if self._entries > FEWEST_ENTRIES_TO_SWEEP + 2 * len(self._due):
                self._sweep()

    def pop(self, clock: str, until: int) -> tuple[int, str] | None:
        """Take the first timer of ``clock`` that is due at ``until`` or before: the earliest, then by key."""
        heap = self._heaps.get(clock)
        while heap and heap[0][0] <= until:
            at, key = heapq.heappop(heap)
            self._entries -= 1
            if self._due.get(key) == at:
                del self._due[key]
                return at, key
        return None

    def _sweep(self) -> None:
        """A timer that is put off again and again leaves an entry behind each time: drop those that count no more."""
        for clock, heap in self._heaps.items():
            self._heaps[clock] = list({(at, key) for at, key in heap if self._due.get(key) == at})
            heapq.heapify(self._heaps[clock])
        self._entries = sum(map(len, self._heaps.values()))


class Processor:
    """Steps one core over one partition; an input whose handling raises leaves no trace and can be handled again."""

    def __init__(self, core: Core, store: StateStore) -> None:
        self._core = core
        self._store = store
        self._timers = Timers(core.clock_of)
        self._written: dict[str, StateRecord | None] = {}
        self._moved: list[tuple[str, int | None]] = []
        for key, at in store.due():
            self._timers.set(key, at)

    def handle(self, event: Envelope) -> Handled:
        """Handle one input; due timers of a tick's clock come first, earliest first, then by key.

        A ``Reject`` becomes a refusal. Every other exception, ``Retry`` among them, passes on after all is undone.
        """
        handled = Handled()
        try:
            if isinstance(event, Tick):
                self._run_due(event, handled)
                now = event.at
            else:
                now = event.observed_at
            self._input(event, now, handled)
        except BaseException:
            self._undo()
            raise
        self._keep()
        return handled

    def _run_due(self, tick: Tick, handled: Handled) -> None:
        while found := self._timers.pop(tick.clock, tick.at):
            at, key = found
            self._moved.append((key, at))
            try:
                due = Due(key=key, at=at, tick=tick)
                self._step(due, (key, *self._core.keys(due)), tick.at, handled)
            except Reject as refusal:
                raise RuntimeError(f"the core refused the timer of {key!r}, and time is no bad input") from refusal
            self._must_have_moved(key, tick)

    def _must_have_moved(self, key: str, tick: Tick) -> None:
        """A timer that stayed due would run at every tick, or be forgotten until a restart finds it in the state."""
        again = _due_at(self._states((key,)).get(key))
        if again is not None and again <= tick.at:
            raise RuntimeError(f"the timer of {key!r} is still due at {again} after the tick {tick.at} that ran it")

    def _input(self, event: Envelope, now: int, handled: Handled) -> None:
        try:
            keys = self._core.keys(event)
            self._step(event, keys, now, handled)
        except Reject as refusal:
            handled.refusals.append(Refusal(refusal.reason, refusal.detail))

    def _step(self, event: Envelope | Due, keys: Sequence[str], now: int, handled: Handled) -> None:
        effects = self._answer(event, keys, now)
        self._apply(effects)
        handled.emits.extend(effects.emits)
        handled.refusals.extend(effects.refusals)

    def _answer(self, event: Envelope | Due, keys: Sequence[str], now: int) -> Effects:
        states = self._states(keys)
        for _ in range(MOST_ROUNDS):
            answer = self._core.step(states, event, now)
            if isinstance(answer, Effects):
                return answer
            states = {**states, **self._states(answer.keys)}
        raise RuntimeError(f"the core asked for more states {MOST_ROUNDS} times and gave no answer")

    def _states(self, keys: Sequence[str]) -> Mapping[str, StateRecord]:
        """States as this input has left them so far."""
        written = self._written
        if not written:
            return self._store.get_many(keys)
        found = dict(self._store.get_many([key for key in keys if key not in written]))
        found.update((key, state) for key in keys if (state := written.get(key)) is not None)
        return found

    def _apply(self, effects: Effects) -> None:
        for key, state in effects.states.items():
            self._written[key] = state
            before, after = self._timers.get(key), _due_at(state)
            if before != after:
                self._moved.append((key, before))
                self._timers.set(key, after)

    def _keep(self) -> None:
        for key, state in self._written.items():
            self._store.put(key, state)
        self._written.clear()
        self._moved.clear()

    def _undo(self) -> None:
        for key, before in reversed(self._moved):
            self._timers.set(key, before)
        self._written.clear()
        self._moved.clear()


def _due_at(state: StateRecord | None) -> int | None:
    due_at: int | None = getattr(state, "due_at", None)
    return due_at
