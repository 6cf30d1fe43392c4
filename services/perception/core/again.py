"""A signal comes in and is judged again by its evidence alone: nothing that decided it may be left out of it."""

from collections.abc import Mapping

from revloop.contracts.generated.events import SignalChange
from revloop.tenants import Profile
from services.perception.core.detector import (
    AccountDetector,
    Detector,
    EventDetector,
    Fields,
    Happened,
    Holds,
    Judged,
    Pair,
    StateDetector,
    View,
)


def judge_again(detector: Detector, signal: SignalChange, profile: Profile) -> Judged | None:
    """What the detector makes of the evidence as of the moment of the signal; None: it would not signal.

    ``signal`` is one that opened, moved or happened.
    """
    match detector:
        case AccountDetector():
            pairs = {item.field: Pair(item.before, item.after) for item in signal.evidence}
            return detector.judge(pairs, profile.signals)
        case EventDetector():
            before = {item.field: item.before for item in signal.evidence}
            return _judged(detector.detect(before, _after(signal), _view(signal, profile, before)))
        case StateDetector():
            condition = detector.condition(_after(signal), _view(signal, profile, {}), signal.observed_at)
            episode = signal.window_key.rpartition("@")[0]
            return _judged(next((one for one in condition.holds if one.episode == episode), None))


def _after(signal: SignalChange) -> Fields:
    return {item.field: item.after for item in signal.evidence}


def _view(signal: SignalChange, profile: Profile, before: Fields) -> View:
    counters: Mapping[str, int] = {name: count for name, count in before.items() if isinstance(count, int)}
    return View(profile, signal.entity.entity_type, signal.occurred_at, counters, ())


def _judged(found: Happened | Holds | None) -> Judged | None:
    return None if found is None else Judged(found.severity, found.value)
