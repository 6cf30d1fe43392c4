"""The chain from deliveries to decisions, made of the very cores the services run."""

from pathlib import Path

from revloop.contracts.actions import load_catalogue
from revloop.contracts.generated import topics
from revloop.integrations import load_normalisers
from revloop.policy.gate import Gate
from revloop.replay.pipeline import Pipeline, Stage
from revloop.tenants import Registry
from services.decision.core.playbooks import load_playbooks
from services.decision.core.stage import DecisionCore
from services.ingest.core.resolver import ResolverCore
from services.perception.core.detectors import load_detectors
from services.perception.core.stage import PerceptionCore
from services.world_model.core.rules import load_rules
from services.world_model.core.stage import WorldModelCore


def stages(registry: Registry, policies: Path) -> list[Stage]:
    """The chain; deliveries and ticks go in at ``raw.deliveries``."""
    gate = Gate.load(policies)
    return [
        Stage("ingest", ResolverCore(registry, load_normalisers()), (topics.RAW_DELIVERIES,)),
        Stage("perception", PerceptionCore(registry, load_detectors()), (topics.RAW_SNAPSHOTS,)),
        Stage("world_model", WorldModelCore(registry, load_rules()), (topics.SIGNALS,)),
        Stage("decision", DecisionCore(registry, load_playbooks(), load_catalogue(), gate), (topics.ACCOUNT_STATES,)),
    ]


def compose(registry: Registry, policies: Path) -> Pipeline:
    """The chain over one partition."""
    return Pipeline(stages(registry, policies))
