"""activation: the account was made a target."""

from revloop.contracts.generated.events import Severity
from services.world_model.core.rule import Rule, Side, example

RULE = Rule(
    finding="activation",
    version=1,
    says="The account was made a target.",
    side=Side.OPPORTUNITY,
    signal_types=frozenset({"ACCOUNT_ACTIVATED"}),
    points={Severity.low: 3, Severity.medium: 5, Severity.high: 8, Severity.critical: 8},
    finds=(example("ACCOUNT_ACTIVATED", Severity.medium),),
    passes=(example("FIRST_ENGAGEMENT", Severity.high),),
)
