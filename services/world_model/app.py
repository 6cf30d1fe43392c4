"""Wires the world model: signals in, account states out; the graph is fed beside the stream and never holds it."""

from revloop.contracts.generated import topics
from revloop.stores.graph_sqlite import SqliteGraph
from revloop.stores.lock import FolderLock
from revloop.streams import ServiceApp, SinkSpec, StageSpec
from revloop.tenants import Registry
from services.world_model.core.rules import load_rules
from services.world_model.core.stage import WorldModelCore
from services.world_model.graph_feed import GraphFeed
from services.world_model.settings import Settings

SERVICE = "world_model"


def create(settings: Settings) -> ServiceApp:
    """The service, ready to run."""
    app = ServiceApp(SERVICE, settings)
    core = WorldModelCore(Registry.load(settings.tenants_dir), load_rules())
    app.add_stage(StageSpec("states", core, (topics.SIGNALS,), topics.TABLES[SERVICE]))
    folder = settings.home / "data" / SERVICE / "graph"  # the installation's, not this worker's: one graph, one writer
    app.hold(FolderLock(folder))
    app.add_sink(SinkSpec("graph", (topics.SIGNALS,), GraphFeed(SqliteGraph(folder / "graph.sqlite")).handle))
    return app
