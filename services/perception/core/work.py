"""One step over one record or account: what detectors find comes in, what is said and remembered goes out."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec.structs import replace

from revloop.contracts.generated.events import (
    Envelope,
    Evidence,
    OpenSignal,
    Severity,
    SignalChangeKind,
    Snapshot,
    Tick,
)
from revloop.contracts.times import iso
from revloop.stage import Emit, Refusal
from services.perception.core.detector import Condition, Detector, Happened, Holds
from services.perception.core.signals import Memory, Opening, change, is_echo, open_signal

RANK = {severity: rank for rank, severity in enumerate(Severity)}
Supports = Callable[[Happened | Holds], tuple[Evidence, ...]]
T = TypeVar("T")


class Work:
    """Keeps open signals open and shut, the same for records and accounts."""

    def __init__(
        self, memory: Memory, cause: Envelope, now: int, supports: Supports, *, timers: Mapping[str, int] | None = None
    ) -> None:
        self._memory = memory
        self._cause = cause
        self._now = now
        self._supports = supports
        self._caused_by = cause.caused_by if isinstance(cause, Snapshot) and is_echo(cause) else ""
        self.timers = dict(timers or {})
        """When each detector wants to look again; those that are not asked keep theirs."""
        self.open = list(memory.open)
        self.counters = dict(memory.counters)
        self.emits: list[Emit] = []
        self.refusals: list[Refusal] = []

    def ask(self, detector: Detector, question: Callable[[], T]) -> T | None:
        """What a detector answers; a fault neither stops the other detectors nor looks like "nothing found"."""
        try:
            return question()
        except Exception as error:  # noqa: BLE001 - see above: it becomes a dead letter, is counted, and others go on
            failed = f"{detector.signal_type} failed on {self._memory.snapshot_id}: {error!r}"
            self.refusals.append(Refusal("detector_failed", f"{failed}. Mend the detector, then drive it again."))
            return None

    def expire(self) -> None:
        """End event signals whose time has come."""
        for signal in [s for s in self.open if s.valid_until is not None and s.valid_until <= self._now]:
            self.open.remove(signal)
            self._say(signal, SignalChangeKind.expired)

    def end_all(self) -> None:
        """Nothing holds any more: what it was about is gone."""
        for signal in self.open:
            self._say(signal, SignalChangeKind.cleared)
        self.open.clear()

    def wait(self, detector: Detector, *moments: int | None) -> None:
        """Look again at the first of ``moments``; on a tick one that has come is no reason to look again."""
        ticking = isinstance(self._cause, Tick)
        due = [at for at in moments if at is not None and (at > self._now or not ticking)]
        if due:
            self.timers[detector.signal_type] = min(due)
        else:
            self.timers.pop(detector.signal_type, None)

    @property
    def due_at(self) -> int | None:
        """When to look again."""
        lapses = [signal.valid_until for signal in self.open if signal.valid_until is not None]
        return min((*self.timers.values(), *lapses), default=None)

    def happened(self, detector: Detector, found: Happened) -> None:
        """Say an event signal."""
        evidence = self._supports(found)
        self.counters.update(found.counters)
        opening = Opening(
            signal_type=detector.signal_type,
            detector=name_of(detector),
            severity=found.severity,
            value=found.value,
            evidence=evidence,
            window_key=found.window or self._cause.event_id,
            valid_until=self._now + found.ttl_ms,
        )
        signal = open_signal(self._memory, self._cause, opening, self._now, self._caused_by)
        self.open.append(signal)
        self._say(signal, SignalChangeKind.happened)

    def settle(self, detector: Detector, condition: Condition, *, may_open: bool, ttl_ms: int | None = None) -> None:
        """Open, move and clear state signals, so that what is open is what holds; what lapsed is told no more."""
        mine = {_episode(signal): signal for signal in self.open if signal.signal_type == detector.signal_type}
        holding = {found.episode: found for found in condition.holds}
        for episode, signal in mine.items():
            if episode not in holding:
                self.open.remove(signal)
                self._say(signal, SignalChangeKind.cleared)
        lapsed = self._lapsed(detector, holding)
        moments = [condition.next_at]
        for episode, found in holding.items():
            if episode in lapsed:
                continue
            known = mine.get(episode)
            if known is None or known.severity is not found.severity:
                if not may_open:
                    moments.append(self._now)  # age speaks on ticks only: the next one will say it
                    continue
                known = self._opened(detector, found) if known is None else self._move(known, found)
            moments.append(self._lapse(detector, episode, known, ttl_ms))
        self.wait(detector, *moments)

    def _lapsed(self, detector: Detector, holding: Mapping[str, Holds]) -> frozenset[str]:
        """Episodes that hold and lapsed before; one that holds no more may open again."""
        prefix = f"lapsed {detector.signal_type} "
        lapsed = frozenset(name.removeprefix(prefix) for name in self.counters if name.startswith(prefix))
        for episode in lapsed - holding.keys():
            del self.counters[prefix + episode]
        return lapsed

    def _lapse(self, detector: Detector, episode: str, signal: OpenSignal, ttl_ms: int | None) -> int | None:
        """When an open signal lapses; where that has come it does."""
        if ttl_ms is None:
            return None
        end = signal.opened_at + ttl_ms
        if end > self._now:
            return end
        self.open.remove(signal)
        self.counters[f"lapsed {detector.signal_type} {episode}"] = 1
        self._say(signal, SignalChangeKind.expired)
        return None

    def _move(self, signal: OpenSignal, found: Holds) -> OpenSignal:
        rising = RANK[found.severity] > RANK[signal.severity]
        moved = replace(signal, severity=found.severity, value=found.value, evidence=self._supports(found))
        self.open[self.open.index(signal)] = moved
        self._say(moved, SignalChangeKind.raised if rising else SignalChangeKind.lowered)
        return moved

    def _opened(self, detector: Detector, found: Holds) -> OpenSignal:
        opening = Opening(
            signal_type=detector.signal_type,
            detector=name_of(detector),
            severity=found.severity,
            value=found.value,
            evidence=self._supports(found),
            window_key=f"{found.episode}@{iso(self._now)}",
            valid_until=None,
            subject=found.subject,
        )
        signal = open_signal(self._memory, self._cause, opening, self._now, self._caused_by)
        self.open.append(signal)
        self._say(signal, SignalChangeKind.opened)
        return signal

    def _say(self, signal: OpenSignal, kind: SignalChangeKind) -> None:
        self.emits += change(self._memory, self._cause, signal, kind, self._now)


def name_of(detector: Detector) -> str:
    """As a signal names its detector: ``close_date_slipped/1``."""
    return f"{detector.signal_type.lower()}/{detector.version}"


def _episode(signal: OpenSignal) -> str:
    return signal.window_key.rpartition("@")[0]
