"""Delivery folders come in; the account states they lead to go out, the very bytes that were published."""

from collections.abc import Callable, Sequence
from pathlib import Path

from revloop.artifacts.brief import Brief, brief, last_meeting
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import AccountState, Envelope
from revloop.contracts.times import iso
from revloop.integrations import load_normalisers
from revloop.replay.deliveries import events
from revloop.replay.pipeline import Pipeline, Stage
from revloop.tenants import Registry
from services.console.core.difference import Difference, difference
from services.ingest.core.resolver import ResolverCore
from services.perception.core.detectors import load_detectors
from services.perception.core.stage import PerceptionCore
from services.world_model.core.rules import load_rules
from services.world_model.core.stage import WorldModelCore


def recompute(
    folders: Sequence[Path], registry: Registry, tenant: str, told: Callable[[AccountState], object], until: int | None
) -> None:
    """Call ``told`` with every state a tenant's deliveries lead to; nothing else is asked. Raises RevloopError."""
    pipeline = Pipeline(
        [
            Stage("ingest", ResolverCore(registry, load_normalisers()), (topics.RAW_DELIVERIES,)),
            Stage("perception", PerceptionCore(registry, load_detectors()), (topics.RAW_SNAPSHOTS,)),
            Stage("world_model", WorldModelCore(registry, load_rules()), (topics.SIGNALS,)),
        ]
    )

    def listen(event: Envelope) -> None:
        if isinstance(event, AccountState):
            told(event)

    pipeline.listen(topics.ACCOUNT_STATES, listen)
    for event in events(folders, registry, tenant, None if until is None else iso(until)):
        pipeline.feed(topics.RAW_DELIVERIES, event)


class Archive:
    """The states of one account, made anew from its tenant's deliveries up to a moment (None: to their end)."""

    def __init__(
        self, folders: Sequence[Path], registry: Registry, tenant: str, account: str, until: int | None
    ) -> None:
        self._account = account
        self._states: list[AccountState] = []
        recompute(folders, registry, tenant, self._keep, until)

    def _keep(self, state: AccountState) -> None:
        if state.account_id == self._account:
            self._states.append(state)

    def at(self, moment: int | None) -> AccountState | None:
        """The state that was current at a moment (ms), as the console keeps it; None: at the end."""
        return next((one for one in reversed(self._states) if moment is None or one.observed_at <= moment), None)

    def brief(self, moment: int | None) -> Brief | None:
        """The brief as of a moment (ms); None where nothing is known even then."""
        state = self.at(moment)
        if state is None:
            return None
        met = last_meeting(state)
        return brief(state, None if met is None else self.at(met))

    def diff(self, since: int, until: int) -> Difference | None:
        """What changed from one moment (ms) to another; None where nothing is known even then."""
        after = self.at(until)
        between = [one for one in self._states if since < one.observed_at <= until]
        return None if after is None else difference(self.at(since), between, after)
