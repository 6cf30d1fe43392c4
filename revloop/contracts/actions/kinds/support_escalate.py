"""support.escalate: a support case raised to those who can solve it; nothing in this release does it."""

from revloop.contracts.actions.kind import ActionKind, Call, Parameter
from revloop.contracts.generated.events import RiskTier, Target

_TARGET = Target(system="jira", object="issue", object_id="10017", label="INC-17", version=1_458_000_000_000)
_NEW = Target(system="jira", object="issue", object_id="", label="INC-17", version=0)
_WHOLE = {"reason": "Open for 72 hours with priority 1."}

KIND = ActionKind(
    name="support.escalate",
    about="A support case raised to those who can solve it.",
    risk_tier=RiskTier.MEDIUM,
    reversible=True,
    min_confidence=0.80,
    alone_allowed=False,
    system="jira",
    object="issue",
    creates=False,
    parameters=(Parameter(name="reason", about="Why, for whoever takes it over.", max_length=1000),),
    executable=False,
    sound=(Call(kind="support.escalate", target=_TARGET, parameters=_WHOLE),),
    faulty=(
        Call(kind="support.escalate", target=_NEW, parameters=_WHOLE),
        Call(kind="support.escalate", target=_TARGET),
    ),
)
