"""internal.flag_for_review: A mark that a person should look at something."""

from revloop.contracts.actions.kind import ActionKind, Call, Parameter
from revloop.contracts.generated.events import RiskTier, Target

_TARGET = Target(system="workspace", object="flag", object_id="", label="Pump station", version=0)

KIND = ActionKind(
    name="internal.flag_for_review",
    about="A mark that a person should look at something.",
    risk_tier=RiskTier.LOW,
    reversible=True,
    min_confidence=0.65,
    alone_allowed=True,
    system="workspace",
    object="flag",
    creates=True,
    parameters=(
        Parameter(name="title", about="One line."),
        Parameter(name="text", about="What to know and do.", max_length=4000),
    ),
    sound=(
        Call(
            kind="internal.flag_for_review",
            target=_TARGET,
            parameters={"title": "Close date missing", "text": "Add it."},
        ),
    ),
    faulty=(
        Call(
            kind="internal.flag_for_review",
            target=_TARGET,
            parameters={"title": "Close date missing"},
        ),
        Call(
            kind="internal.flag_for_review",
            target=_TARGET,
            parameters={"title": " ", "text": "Add it."},
        ),
        Call(
            kind="internal.flag_for_review",
            target=_TARGET,
            parameters={"title": "a", "text": "b", "owner": "c"},
        ),
    ),
)
