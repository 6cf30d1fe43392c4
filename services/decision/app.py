"""Wires decision: account states in, decisions out."""

from revloop.contracts.actions import load_catalogue
from revloop.contracts.generated import topics
from revloop.policy.gate import Gate
from revloop.streams import ServiceApp, StageSpec
from revloop.tenants import Registry
from services.decision.core.playbooks import load_playbooks
from services.decision.core.stage import DecisionCore
from services.decision.settings import Settings

SERVICE = "decision"


def create(settings: Settings) -> ServiceApp:
    """The service, ready to run."""
    app = ServiceApp(SERVICE, settings)
    registry = Registry.load(settings.tenants_dir)
    core = DecisionCore(registry, load_playbooks(), load_catalogue(), Gate.load(settings.policies_dir))
    app.add_stage(StageSpec("decisions", core, (topics.ACCOUNT_STATES,), topics.TABLES[SERVICE]))
    return app
