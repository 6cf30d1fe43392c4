"""One file a detector; adding one here is all it takes."""

import importlib
import pkgutil
from collections.abc import Sequence

from services.perception.core.detector import AccountDetector, Detector, EventDetector, StateDetector


def load_detectors() -> Sequence[Detector]:
    """Every detector of this folder, sorted by signal type; called once at start, fails loudly."""
    found: dict[tuple[str, bool], Detector] = {}
    for module in pkgutil.iter_modules(__path__):
        detector = importlib.import_module(f"{__name__}.{module.name}").DETECTOR
        if not isinstance(detector, EventDetector | StateDetector | AccountDetector):
            raise TypeError(f"{module.name}: DETECTOR is no detector")
        name = (detector.signal_type, isinstance(detector, AccountDetector))  # records and accounts may share a type
        if name in found:
            raise ValueError(f"two detectors claim {detector.signal_type}")
        if not detector.fires or not detector.silent:
            raise ValueError(f"{module.name}: a detector carries examples that must and must not fire")
        found[name] = detector
    return [found[name] for name in sorted(found)]
