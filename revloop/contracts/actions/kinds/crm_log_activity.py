"""crm.log_activity: something that happened, noted on a record of the CRM; nothing in this release does it."""

from revloop.contracts.actions.kind import ActionKind, Call, Parameter, ParameterType
from revloop.contracts.generated.events import RiskTier, Target

_TARGET = Target(system="salesforce", object="Task", object_id="", label="Pump station", version=0)
_WHOLE = {"subject": "Called the chief engineer", "day": "2018-03-01", "related_id": "0065NgZQjD7fdRKQWY"}

KIND = ActionKind(
    name="crm.log_activity",
    about="Something that happened, noted on a record of the CRM.",
    risk_tier=RiskTier.LOW,
    reversible=True,
    min_confidence=0.70,
    alone_allowed=True,
    system="salesforce",
    object="Task",
    creates=True,
    parameters=(
        Parameter(name="subject", about="One line."),
        Parameter(name="day", about="Day it happened.", type=ParameterType.DATE),
        Parameter(name="related_id", about="Vendor id of the record it is about."),
    ),
    executable=False,
    sound=(Call(kind="crm.log_activity", target=_TARGET, parameters=_WHOLE),),
    faulty=(Call(kind="crm.log_activity", target=_TARGET, parameters={**_WHOLE, "day": "yesterday"}),),
)
