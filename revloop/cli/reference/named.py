"""A detector comes in; the settings and severities that its functions name go out, wherever they are called.

Read from compiled functions, and from those of perception that they call: a list kept by hand would be wrong one day.
What a fold takes into the part of the view that a detector looks at counts as well.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from types import CodeType, FunctionType

from revloop.contracts.generated.events import Severity
from revloop.tenants import Profile, SignalSettings
from services.perception.core import facets
from services.perception.core.detector import AccountDetector, Detector, EventDetector, Facet

PERCEPTION = "services.perception.core."
MADE_ELSEWHERE: Mapping[str, str] = {"CLOSED_CYCLE_P90_DAYS": "closed_cycle_min_deals"}
"""Figures over all accounts by the constant that names them, and the setting by which ingest makes them."""
IN_PROFILE = ("stages", "closed_stages", "ended_statuses")
"""Settings of the profile itself that detectors read."""


def settings_of(detector: Detector) -> list[str]:
    """Names of the settings that decide about the signal, in the profile's order."""
    folds = folds_of(detector.looks_at) if isinstance(detector, AccountDetector) else []
    named = _names([*functions_of(detector), *folds])
    named |= {setting for figure, setting in MADE_ELSEWHERE.items() if figure in named}
    return [name for name in (*IN_PROFILE, *SignalSettings.model_fields) if name in named]


def severities_of(detector: Detector) -> list[Severity]:
    """Severities that the detector names, lowest first."""
    functions = [one for one in _reached(functions_of(detector)) if one.__module__ == file_of(detector)]
    named = {name for one in functions for name in _code_names(one.__code__)}
    found = {severity for severity in Severity if "Severity" in named and severity.name in named}
    for one in functions:
        for name in _code_names(one.__code__):
            value = one.__globals__.get(name)
            if isinstance(value, tuple):  # steps by which it rises
                found |= {step for step in value if isinstance(step, Severity)}
    return [severity for severity in Severity if severity in found]


def lifetimes_of(detector: Detector) -> list[str]:
    """Names of the settings after whose days it lapses."""
    lasting = [detector.ttl_days] if isinstance(detector, AccountDetector) else functions_of(detector)
    return sorted(name for name in _names(filter(None, lasting)) if name.endswith("_ttl_days"))


def functions_of(detector: Detector) -> list[Callable[..., object]]:
    """The functions that make the detector, the one that decides first."""
    if isinstance(detector, AccountDetector):
        found = [detector.judge, detector.look, detector.ttl_days]
        return [one for one in found if one is not None]
    return [detector.detect if isinstance(detector, EventDetector) else detector.condition]


def file_of(detector: Detector) -> str:
    """Its module."""
    return functions_of(detector)[0].__module__


def folds_of(looked_at: Iterable[Facet]) -> list[Callable[..., object]]:
    """What takes records into these parts of the view."""
    wanted = frozenset(looked_at)
    return [fold for fold, parts in facets.FOLDS.values() if not wanted.isdisjoint(parts)]


def _names(functions: Iterable[Callable[..., object]]) -> set[str]:
    return {name for one in _reached(functions) for name in _code_names(one.__code__)}


def _reached(functions: Iterable[Callable[..., object]]) -> list[FunctionType]:
    """The functions with those of perception that they call, and what the profile works out for them."""
    found: dict[FunctionType, None] = {}
    waiting = [one for one in functions if isinstance(one, FunctionType)]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found[one] = None
            waiting += _called(one)
    return list(found)


def _called(function: FunctionType) -> Iterator[FunctionType]:
    for name in _code_names(function.__code__):
        called = function.__globals__.get(name)
        if isinstance(called, FunctionType) and called.__module__.startswith(PERCEPTION):
            yield called
        worked_out = vars(Profile).get(name)
        if isinstance(worked_out, cached_property):
            worked_out = worked_out.func
        if isinstance(worked_out, FunctionType):
            yield worked_out


def _code_names(code: CodeType) -> Iterator[str]:
    """Globals and attributes that are named, in functions within it as well."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code_names(constant)
