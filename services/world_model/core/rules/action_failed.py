"""action_failed: something the loop was to do did not take effect."""

from revloop.contracts.generated.events import Severity
from services.world_model.core.rule import Rule, Side, example

RULE = Rule(
    finding="action_failed",
    version=1,
    says="Something the loop was to do did not take effect.",
    side=Side.RISK,
    signal_types=frozenset({"ACTION_FAILED"}),
    points=dict.fromkeys(Severity, -5),  # our own fault says little about the account
    finds=(example("ACTION_FAILED", Severity.medium),),
    passes=(example("ACTION_EXECUTED", Severity.low),),
)
