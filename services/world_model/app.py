"""Wires the world model: signals in, account states out; the graph is fed beside the stream and never holds it."""

from revloop.contracts.generated import topics
from revloop.streams import ServiceApp, StageSpec
from revloop.tenants import Registry
from services.world_model.core.rules import load_rules
from services.world_model.core.stage import WorldModelCore
from services.world_model.settings import Settings

SERVICE = "world_model"


def create(settings: Settings) -> ServiceApp:
    """The service, ready to run."""
    app = ServiceApp(SERVICE, settings)
    core = WorldModelCore(Registry.load(settings.tenants_dir), load_rules())
    app.add_stage(StageSpec("states", core, (topics.SIGNALS,), topics.TABLES[SERVICE]))
    return app
