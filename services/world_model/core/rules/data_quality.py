"""data_quality: a record is incomplete or impossible, so something about the account is not known."""

from revloop.contracts.generated.events import Severity
from services.world_model.core.rule import Rule, Side, example

RULE = Rule(
    finding="data_quality",
    version=1,
    side=Side.UNKNOWN,
    signal_types=frozenset({"DATA_QUALITY"}),
    points=dict.fromkeys(Severity, 0),
    finds=(example("DATA_QUALITY", Severity.low),),
    passes=(example("CLOSE_DATE_SLIPPED", Severity.low, 3.0),),
)
