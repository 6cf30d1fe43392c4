"""early_engagement: an account that is no customer is in touch for the first time."""

from revloop.contracts.generated.events import Lifecycle, Severity
from services.world_model.core.rule import Rule, Side, example

RULE = Rule(
    finding="early_engagement",
    version=1,
    says="An account that is no customer was in touch for the first time.",
    side=Side.OPPORTUNITY,
    signal_types=frozenset({"FIRST_ENGAGEMENT"}),
    points={Severity.low: 3, Severity.medium: 5, Severity.high: 8, Severity.critical: 8},
    lifecycles=frozenset({Lifecycle.PROSPECT, Lifecycle.SUSPECT}),
    lasts_days=90,  # as an activation does: the signal itself never ends
    finds=(example("FIRST_ENGAGEMENT", Severity.high),),
    passes=(example("ACCOUNT_ACTIVATED", Severity.medium),),
)
