"""stakeholder.request_intro: asking one contact to introduce us to another; nothing in this release does it."""

from revloop.contracts.actions.kind import ActionKind, Call, Parameter
from revloop.contracts.generated.events import RiskTier, Target

_TARGET = Target(system="mail", object="Message", object_id="", label="Chief engineer", version=0)
_WHOLE = {"through": "003xmjaSjPNmSPeAUN", "to": "003ZQjD7fdRKQWYaaa", "purpose": "The new date"}

KIND = ActionKind(
    name="stakeholder.request_intro",
    about="Asking one contact to introduce us to another.",
    risk_tier=RiskTier.HIGH,
    reversible=False,
    min_confidence=1.0,
    alone_allowed=False,
    system="mail",
    object="Message",
    creates=True,
    parameters=(
        Parameter(name="through", about="Vendor id of who is asked; addresses come from records."),
        Parameter(name="to", about="Vendor id of whom we would like to meet."),
        Parameter(name="purpose", about="One line.", max_length=1000),
    ),
    executable=False,
    sound=(Call(kind="stakeholder.request_intro", target=_TARGET, parameters=_WHOLE),),
    faulty=(Call(kind="stakeholder.request_intro", target=_TARGET, parameters={"purpose": "The new date"}),),
)
