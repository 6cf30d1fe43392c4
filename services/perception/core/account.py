"""Records of an account come in, and time; what they come to is remembered, and what that signals goes out."""

from collections.abc import Sequence
from functools import partial

import msgspec

from revloop.contracts.generated.events import AccountView, EntityRef, Evidence, Snapshot, SnapshotChange
from revloop.stage import Due, Effects
from revloop.tenants import Registry
from services.perception.core.detector import AccountDetector, Condition, Happened, Holds
from services.perception.core.facets import FOLDS, Fold, forget
from services.perception.core.signals import figures
from services.perception.core.work import Supports, Work


class AccountDesk:
    """Pure: profiles and detectors are given once and do not change while it lives."""

    def __init__(self, registry: Registry, detectors: Sequence[AccountDetector]) -> None:
        self._registry = registry
        self._detectors = detectors

    def looks_at(self, entity_type: str) -> bool:
        """Whether records of this type say something of their account as a whole."""
        return entity_type in FOLDS

    def record(self, key: str, known: AccountView | None, snapshot: Snapshot) -> Effects:
        """Take in a record, or take out one that leaves."""
        fold: Fold = FOLDS[snapshot.entity.entity_type]
        profile = self._registry.get(snapshot.tenant_id)
        view = fold.take(known or _empty(snapshot), snapshot, profile)
        if known is not None and view is known:
            return Effects()
        left = snapshot.change is SnapshotChange.left
        if not left:
            view = msgspec.structs.replace(
                view, snapshot_id=snapshot.snapshot_id, source=snapshot.source, observed_at=snapshot.observed_at
            )
        work = Work(view, snapshot, snapshot.observed_at, _supports(view))
        asked = [detector for detector in self._detectors if fold.facet in detector.looks_at]
        self._look(work, view, asked, snapshot.observed_at, ticking=False)
        if known is not None:
            work.wait(known.due_at)  # what the others wait for
        return _effects(key, view, work)

    def time(self, due: Due, view: AccountView) -> Effects:
        """A timer of the account came."""
        now = due.tick.observed_at
        profile = self._registry.get(view.tenant_id)
        work = Work(view, due.tick, now, _supports(view))
        work.expire()
        self._look(work, view, self._detectors, now, ticking=True)
        return _effects(due.key, forget(view, profile, now), work)

    def _look(
        self, work: Work, view: AccountView, detectors: Sequence[AccountDetector], now: int, *, ticking: bool
    ) -> None:
        profile = self._registry.get(view.tenant_id)
        for detector in detectors:
            found = work.ask(detector, partial(detector.condition, view, profile, now))
            if not isinstance(found, Condition):
                continue
            if found.happened is not None:
                self._happened(work, detector, found.happened, now, ticking=ticking)
            work.settle(detector, found, may_open=ticking or not detector.by_age)

    def _happened(self, work: Work, detector: AccountDetector, found: Happened, now: int, *, ticking: bool) -> None:
        if ticking:
            work.happened(detector, found)
        else:
            work.wait(now)  # the next tick says it: by then all of its moment was told


def _supports(view: AccountView) -> Supports:
    def figures_of(found: Happened | Holds) -> tuple[Evidence, ...]:
        return figures(view, found.figures)

    return figures_of


def _effects(key: str, view: AccountView, work: Work) -> Effects:
    kept = msgspec.structs.replace(view, open=tuple(work.open), counters=work.counters, due_at=work.due_at)
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
        usage={},
        meetings={},
        contracts={},
        deadlines={},
        fulfilled={},
        people={},
        came={},
        came_until=None,
        open=(),
        counters={},
        due_at=None,
    )
