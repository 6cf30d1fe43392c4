"""Records of an account come in, and time; what they come to is remembered, and what that signals goes out."""

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from revloop.contracts.generated.events import AccountView, EntityRef, Evidence, Snapshot
from revloop.contracts.times import DAY_MS
from revloop.stage import Due, Effects
from revloop.tenants import Profile, Registry
from services.perception.core.detector import (
    AccountDetector,
    Condition,
    Facet,
    Figure,
    Finding,
    Happened,
    Holds,
    Judged,
    Kind,
    Look,
    Pair,
    Scene,
)
from services.perception.core.facets import FOLDS, forget, take
from services.perception.core.facets.change import Change
from services.perception.core.signals import figures
from services.perception.core.work import Work

Values = Mapping[str, float]
Found = tuple[Look, tuple[tuple[Finding, Judged], ...]]
"""A look, and of its findings those that hold or happened."""


class AccountDesk:
    """Pure: profiles and detectors are given once and do not change while it lives."""

    def __init__(self, registry: Registry, detectors: Sequence[AccountDetector]) -> None:
        self._registry = registry
        self._detectors = detectors
        self._interested: dict[frozenset[Facet], tuple[AccountDetector, ...]] = {}
        """Those to ask, by facets that changed; there are few such sets."""

    def looks_at(self, entity_type: str) -> bool:
        """Whether records of this type say something of their account as a whole."""
        return entity_type in FOLDS

    def record(self, key: str, known: AccountView | None, change: Change, values: Values) -> Effects:
        """Take in a record, or take out one that leaves."""
        snapshot = change.snapshot
        before = known or _empty(snapshot)
        view, changed = take(before, change)
        if view is before:
            return Effects()
        if not changed:
            return Effects({key: view})  # remembered for later; no signal looks at it
        if not change.gone:
            view = msgspec.structs.replace(
                view, snapshot_id=snapshot.snapshot_id, source=snapshot.source, observed_at=snapshot.observed_at
            )
        work = Work(view, snapshot, snapshot.observed_at, partial(_supports, view), timers=view.timers)
        scene = Scene(
            view=view,
            profile=change.profile,
            as_of=snapshot.observed_at,
            values=values,
            news=not snapshot.baseline,
        )
        self._look(work, scene, self._interested_in(changed), ticking=False)
        return _effects(key, view, work)

    def _interested_in(self, changed: frozenset[Facet]) -> tuple[AccountDetector, ...]:
        found = self._interested.get(changed)
        if found is None:
            found = tuple(one for one in self._detectors if not changed.isdisjoint(one.looks_at))
            self._interested[changed] = found
        return found

    def time(self, due: Due, view: AccountView, values: Values) -> Effects:
        """A timer of the account came: those look that wanted to."""
        now = due.tick.observed_at
        profile = self._registry.get(view.tenant_id)
        work = Work(view, due.tick, now, partial(_supports, view), timers=view.timers)
        work.expire()
        asked = [one for one in self._detectors if view.timers.get(one.signal_type, now + 1) <= now]
        self._look(work, Scene(view=view, profile=profile, as_of=now, values=values), asked, ticking=True)
        return _effects(due.key, forget(view, profile, now), work)

    def _look(self, work: Work, scene: Scene, detectors: Sequence[AccountDetector], *, ticking: bool) -> None:
        for detector in detectors:
            found = work.ask(detector, partial(_found, detector, scene))
            if found is None:
                continue
            if detector.kind in (Kind.EVENT, Kind.DAY):
                _happen(work, detector, found, scene, may_tell=ticking or detector.kind is Kind.EVENT)
            else:
                ttl_ms = _ttl_ms(detector, scene.profile)
                may_open = ticking or detector.kind is Kind.CONTENT
                work.settle(detector, _condition(found), may_open=may_open, ttl_ms=ttl_ms)


def _found(detector: AccountDetector, scene: Scene) -> Found:
    look = detector.look(scene)
    settings = scene.profile.signals
    judged = ((one, detector.judge(_pairs(one.figures), settings)) for one in look.findings)
    return look, tuple((one, verdict) for one, verdict in judged if verdict is not None)


def _pairs(found: Sequence[Figure]) -> Mapping[str, Pair]:
    return {figure.name: Pair(figure.before, figure.after) for figure in found}


def _condition(found: Found) -> Condition:
    look, judged = found
    holds = tuple(
        Holds(
            severity=verdict.severity,
            fields=(),
            value=verdict.value,
            episode=one.episode,
            figures=one.figures,
            subject=one.subject,
        )
        for one, verdict in judged
    )
    return Condition(holds=holds, next_at=look.next_at)


def _happen(work: Work, detector: AccountDetector, found: Found, scene: Scene, *, may_tell: bool) -> None:
    look, judged = found
    if judged and not may_tell:
        work.wait(detector, scene.as_of)  # the next tick says it: by then all of its day was told
        return
    ttl_ms = _ttl_ms(detector, scene.profile) or 0
    for one, verdict in judged:
        happened = Happened(
            severity=verdict.severity,
            ttl_ms=ttl_ms,
            fields=(),
            value=verdict.value,
            counters=one.counters,
            figures=one.figures,
            window=one.episode,
        )
        if one.news:
            work.happened(detector, happened)
        else:
            work.counters.update(one.counters)
    work.wait(detector, look.next_at)


def _ttl_ms(detector: AccountDetector, profile: Profile) -> int | None:
    return detector.ttl_days(profile.signals) * DAY_MS if detector.ttl_days else None


def _supports(view: AccountView, found: Happened | Holds) -> tuple[Evidence, ...]:
    return figures(view, found.figures)


def _effects(key: str, view: AccountView, work: Work) -> Effects:
    kept = msgspec.structs.replace(
        view, open=tuple(work.open), counters=work.counters, timers=work.timers, due_at=work.due_at
    )
    return Effects({key: kept}, work.emits, work.refusals)


def _empty(snapshot: Snapshot) -> AccountView:
    account = snapshot.account_id
    return AccountView(
        tenant_id=snapshot.tenant_id,
        account_id=account,
        entity=EntityRef(connector="", entity_type="account", entity_id=account, entity_key=account),
        snapshot_id="",
        source="",
        observed_at=snapshot.observed_at,
        created=None,
        churned=False,
        usage={},
        first_use={},
        meetings={},
        engaged_at=None,
        emails={},
        active={},
        cases={},
        contracts={},
        deadlines={},
        fulfilled={},
        told={},
        deliveries={},
        deals={},
        people={},
        came={},
        came_until=None,
        open=(),
        counters={},
        timers={},
        due_at=None,
    )
