"""contradiction: two systems tell different ends of one contract."""

from revloop.contracts.generated.events import Severity, SignalView
from services.world_model.core.rule import NO_POINTS, Rule, Side, example, told


def matches(signal: SignalView) -> bool:
    """The other end is evidence of no other fault."""
    return told(signal, "other_ends") is not None


RULE = Rule(
    finding="contradiction",
    version=1,
    says="Two systems tell different ends of one contract.",
    side=Side.UNKNOWN,
    signal_types=frozenset({"DATA_QUALITY"}),
    points=NO_POINTS,
    matches=matches,
    finds=(example("DATA_QUALITY", Severity.low, ends="2018-01-01T00:00:00Z", other_ends="2018-02-01T00:00:00Z"),),
    passes=(example("DATA_QUALITY", Severity.low, close_date=None),),
)
