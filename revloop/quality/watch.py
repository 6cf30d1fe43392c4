"""Watches a chain while it reads a tenant's log, and keeps where every account stood, and since when."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from revloop.contracts.generated import topics
from revloop.contracts.generated.events import AccountState, Envelope, Snapshot, SnapshotChange
from revloop.contracts.times import DAY_MS
from revloop.quality.standing import Standing, standing
from revloop.replay.backtest import Backtest
from revloop.replay.pipeline import Pipeline
from revloop.tenants import Profile, Registry

RECENT, USUAL = 30 * DAY_MS, 120 * DAY_MS


class Seen(msgspec.Struct, kw_only=True):
    """What a log told of one account, in order."""

    at: list[int] = msgspec.field(default_factory=list)
    standings: list[Standing] = msgspec.field(default_factory=list)
    uses: list[int] = msgspec.field(default_factory=list)
    """When it was used (ms), as the profile counts it."""

    def as_of(self, moment: int) -> Standing | None:
        """As the last state at or before a moment had it; None before the first."""
        place = bisect_right(self.at, moment)
        return self.standings[place - 1] if place else None

    def uses_a_month(self, moment: int) -> float:
        """Uses in 30 days, on average over the 90 days that end 30 days before a moment."""
        first, last = bisect_right(self.uses, moment - USUAL), bisect_right(self.uses, moment - RECENT)
        return (last - first) / 3

    def used_since(self, moment: int) -> int:
        """Uses in the 30 days up to a moment."""
        return bisect_right(self.uses, moment) - bisect_left(self.uses, moment - RECENT + 1)


class Watch:
    """States and records of one tenant, as they were published while its log was read."""

    def __init__(self, profile: Profile) -> None:
        self._metrics = frozenset(profile.signals.usage_metrics)
        self.accounts: dict[str, Seen] = {}
        self.priorities: dict[str, list[tuple[int, str]]] = {}
        """Of each case: (when, priority), as often as one was told."""
        self.first, self.last = 0, 0
        """When the first and the last record was seen (ms)."""

    def attach(self, pipeline: Pipeline, _tenant: str) -> None:
        """Listen to a chain."""
        pipeline.listen(topics.ACCOUNT_STATES, self._state)
        pipeline.listen(topics.RAW_SNAPSHOTS, self._record)

    def _state(self, event: Envelope) -> None:
        if not isinstance(event, AccountState):
            return
        seen = self.accounts.setdefault(event.account_id, Seen())
        now = standing(event)
        if seen.at and seen.standings[-1] == now:
            return
        if seen.at and seen.at[-1] == event.observed_at:
            seen.standings[-1] = now  # of several states of one moment the last one stands
            return
        seen.at.append(event.observed_at)
        seen.standings.append(now)

    def _record(self, event: Envelope) -> None:
        if not isinstance(event, Snapshot):
            return
        self.first = self.first or event.observed_at
        self.last = max(self.last, event.observed_at)
        if event.entity.entity_type == "usage" and event.change is SnapshotChange.record:
            metric = event.fields.get("metric")
            if not self._metrics or metric in self._metrics:
                self.accounts.setdefault(event.account_id, Seen()).uses.append(event.occurred_at)
        elif event.entity.entity_type == "support_case":
            told = self.priorities.setdefault(event.entity.entity_key, [])
            told.append((event.observed_at, str(event.fields.get("priority"))))

    def settle(self) -> None:
        """Put uses in order of time: a source may tell them late."""
        for seen in self.accounts.values():
            seen.uses.sort()

    def lines(self, moment: int) -> list[bytes]:
        """Where every account stood at a moment, the same bytes whatever came later."""
        found = ((account, seen.as_of(moment)) for account, seen in sorted(self.accounts.items()))
        return [stood.line(account) for account, stood in found if stood is not None]


def watch(folders: Sequence[Path], registry: Registry, tenant: str, policies: Path, until: str | None = None) -> Watch:
    """Read a tenant's log through the whole chain; raises RevloopError for bad input."""
    seen = Watch(registry.get(tenant))
    attach: Callable[[Pipeline, str], object] = seen.attach
    Backtest(registry, policies).run(folders, attach, until=until)
    seen.settle()
    return seen
