"""Wires perception: records in, signals out."""

from revloop.contracts.generated import topics
from revloop.streams import ServiceApp, StageSpec
from revloop.tenants import Registry
from services.perception.core.detectors import load_detectors
from services.perception.core.stage import PerceptionCore
from services.perception.settings import Settings

SERVICE = "perception"


def create(settings: Settings) -> ServiceApp:
    """The service, ready to run."""
    app = ServiceApp(SERVICE, settings)
    core = PerceptionCore(Registry.load(settings.tenants_dir), load_detectors())
    app.add_stage(StageSpec("signals", core, (topics.RAW_SNAPSHOTS,), topics.TABLES[SERVICE]))
    return app
