"""Wires the orchestrator: decisions, commands and outcomes in; approvals, actions and answers out."""

from revloop.contracts.actions import load_catalogue
from revloop.contracts.generated import topics
from revloop.policy.assertion import TrustedKeys
from revloop.stores.identity import LocalIssuer
from revloop.streams import ServiceApp, StageSpec
from revloop.tenants import Registry
from services.orchestrator.core.stage import OrchestratorCore
from services.orchestrator.settings import Settings

SERVICE = "orchestrator"


def create(settings: Settings) -> ServiceApp:
    """The service, ready to run."""
    app = ServiceApp(SERVICE, settings)
    core = OrchestratorCore(Registry.load(settings.tenants_dir), trusted_keys(settings), load_catalogue())
    inputs = (topics.DECISIONS, topics.COMMANDS, topics.OUTCOMES)
    app.add_stage(StageSpec("actions", core, inputs, topics.TABLES[SERVICE]))
    return app


def trusted_keys(settings: Settings) -> TrustedKeys:
    """Keys of the configured issuers, else of this machine's own."""
    if settings.issuer_keys:
        return TrustedKeys.from_pem(*(path.read_bytes() for path in settings.issuer_keys))
    return TrustedKeys.from_pem(LocalIssuer(settings.home / "identity").public_pem())
