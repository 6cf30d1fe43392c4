"""calendar.request_meeting: an invitation to people outside; nothing in this release sends one."""

from revloop.contracts.actions.kind import ActionKind, Call, Parameter, ParameterType
from revloop.contracts.generated.events import RiskTier, Target

_TARGET = Target(system="calendar", object="Event", object_id="", label="Chief engineer", version=0)
_WHOLE = {"with": "003xmjaSjPNmSPeAUN", "subject": "The new date", "not_before": "2018-03-05"}

KIND = ActionKind(
    name="calendar.request_meeting",
    about="An invitation to a contact of the account.",
    risk_tier=RiskTier.HIGH,
    reversible=False,
    min_confidence=1.0,
    alone_allowed=False,
    system="calendar",
    object="Event",
    creates=True,
    parameters=(
        Parameter(name="with", about="Vendor id of the contact; addresses come from records."),
        Parameter(name="subject", about="One line."),
        Parameter(name="not_before", about="First day that suits.", type=ParameterType.DATE),
    ),
    executable=False,
    sound=(Call(kind="calendar.request_meeting", target=_TARGET, parameters=_WHOLE),),
    faulty=(Call(kind="calendar.request_meeting", target=_TARGET, parameters={**_WHOLE, "not_before": "soon"}),),
)
