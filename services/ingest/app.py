"""Wires ingest: deliveries and outcomes in, each account's records out."""

import time
from collections.abc import Mapping

from revloop.contracts.generated import topics
from revloop.contracts.generated.events import TenantClock
from revloop.contracts.keys import join_key
from revloop.integrations import load_normalisers
from revloop.integrations.record import Normaliser
from revloop.streams import ServiceApp, StageSpec
from revloop.tenants import BadProfile, Profile, Registry
from services.ingest.clock import WallClock
from services.ingest.core.outcomes import OutcomesCore
from services.ingest.core.resolver import WALL, ResolverCore
from services.ingest.edge import create_edge
from services.ingest.poll import Clock
from services.ingest.settings import Settings

SERVICE = "ingest"


def create(settings: Settings) -> ServiceApp:
    """The service, ready to run."""
    app = ServiceApp(SERVICE, settings)
    registry = Registry.load(settings.tenants_dir)
    normalisers = load_normalisers()
    _check(registry, normalisers)
    resolver = ResolverCore(registry, normalisers)
    app.add_stage(StageSpec("resolver", resolver, (topics.RAW_DELIVERIES,), topics.TABLES[SERVICE]))
    app.add_stage(StageSpec("outcomes", OutcomesCore(), (topics.OUTCOMES,)))
    if any(registry.get(tenant).clock_id == "wall" for tenant in registry.tenants()):
        app.add_service(WallClock(app.producer, settings.wall_tick_seconds))
    app.add_http(create_edge(settings, registry, app.producer, _clock(app)))
    return app


def _check(registry: Registry, normalisers: Mapping[str, Normaliser]) -> None:
    """Refuse to start where a profile names a vendor that nobody can read: all of its deliveries would be dead."""
    for tenant in registry.tenants():
        if unknown := registry.get(tenant).connectors.keys() - normalisers.keys():
            raise BadProfile(
                f"tenant {tenant!r} names connectors nobody can read: {', '.join(sorted(unknown))}; "
                f"this release knows {', '.join(sorted(normalisers))}"
            )


def _clock(app: ServiceApp) -> Clock:
    """Reads a file clock where the resolver keeps it: the committed states of its table."""

    def clock(profile: Profile) -> int:
        if profile.clock_id == WALL:
            return int(time.time() * 1000)
        state = app.committed_state(topics.TABLES[SERVICE], join_key(profile.tenant, "clock", profile.clock_id))
        return state.at if isinstance(state, TenantClock) else int(time.time() * 1000)

    return clock
