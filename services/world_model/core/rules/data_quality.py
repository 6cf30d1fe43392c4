"""data_quality: a record is incomplete or impossible, so something about the account is not known."""

from revloop.contracts.generated.events import Severity, SignalView
from services.world_model.core.rule import NO_POINTS, Rule, Side, example, told


def matches(signal: SignalView) -> bool:
    """Where two systems disagree, that is another finding."""
    return told(signal, "other_ends") is None


RULE = Rule(
    finding="data_quality",
    version=2,
    says="A record is incomplete or impossible.",
    side=Side.UNKNOWN,
    signal_types=frozenset({"DATA_QUALITY"}),
    points=NO_POINTS,
    matches=matches,
    finds=(example("DATA_QUALITY", Severity.low),),
    passes=(
        example("CLOSE_DATE_SLIPPED", Severity.low, 3.0),
        example("DATA_QUALITY", Severity.low, ends="2018-01-01T00:00:00Z", other_ends="2018-02-01T00:00:00Z"),
    ),
)
