"""Events come in at one end of a chain of cores, and what each core writes goes out by topic; states live in memory."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from revloop.contracts.generated.events import Envelope, StateRecord
from revloop.stage import Core, Processor, Refusal

Listener = Callable[[Envelope], object]


class MemoryStore:
    """States of one partition in a dict."""

    def __init__(self) -> None:
        self.states: dict[str, StateRecord] = {}

    def get_many(self, keys: Sequence[str]) -> Mapping[str, StateRecord]:
        """The states that exist among ``keys``."""
        states = self.states
        return {key: states[key] for key in keys if key in states}

    def put(self, key: str, state: StateRecord | None) -> None:
        """Remember or forget."""
        if state is None:
            self.states.pop(key, None)
        else:
            self.states[key] = state

    def due(self) -> Iterable[tuple[str, int]]:
        """Timers of all states."""
        return [(key, at) for key, state in self.states.items() if (at := getattr(state, "due_at", None)) is not None]


class Stage(msgspec.Struct, frozen=True):
    """One stage of the chain: a core and the topics it reads."""

    name: str
    core: Core
    inputs: tuple[str, ...]


class Pipeline:
    """Drives stages over one partition, depth first, so that each input is done with before the next begins."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._processors: dict[str, list[tuple[str, Processor]]] = {}
        self.stores: dict[str, MemoryStore] = {}
        for stage in stages:
            store = self.stores[stage.name] = MemoryStore()
            processor = Processor(stage.core, store)
            for topic in stage.inputs:
                self._processors.setdefault(topic, []).append((stage.name, processor))
        self.counts: Counter[str] = Counter()
        self.refusals: Counter[tuple[str, str]] = Counter()
        self._listeners: dict[str, list[Listener]] = {}

    def listen(self, topic: str, listener: Listener) -> None:
        """Call ``listener`` with everything that comes to ``topic``, ticks aside."""
        self._listeners.setdefault(topic, []).append(listener)

    def feed(self, topic: str, event: Envelope) -> None:
        """Handle one event of ``topic`` and everything that follows from it."""
        if topic in self._listeners and event.event_type != "raw.tick.v1":
            for listener in self._listeners[topic]:
                listener(event)
        for name, processor in self._processors.get(topic, ()):
            handled = processor.handle(event)
            for refusal in handled.refusals:
                self._refused(name, refusal)
            for emit in handled.emits:
                if emit.event is None:
                    continue  # a tombstone has no reader in a replay
                self.counts[emit.event.event_type] += 1
                self.feed(emit.topic, emit.event)

    def _refused(self, stage: str, refusal: Refusal) -> None:
        self.refusals[stage, refusal.reason] += 1
