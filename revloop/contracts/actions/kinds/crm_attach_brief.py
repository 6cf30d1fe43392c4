"""crm.attach_brief: a brief of ours attached to a record of the CRM; nothing in this release does it."""

from revloop.contracts.actions.kind import ActionKind, Call, Parameter
from revloop.contracts.generated.events import RiskTier, Target

_TARGET = Target(system="salesforce", object="ContentNote", object_id="", label="Pump station", version=0)
_WHOLE = {"related_id": "0065NgZQjD7fdRKQWY", "artifact_id": "act_7f3c0c1b"}

KIND = ActionKind(
    name="crm.attach_brief",
    about="A brief of ours attached to a record of the CRM.",
    risk_tier=RiskTier.LOW,
    reversible=True,
    min_confidence=0.65,
    alone_allowed=True,
    system="salesforce",
    object="ContentNote",
    creates=True,
    parameters=(
        Parameter(name="related_id", about="Vendor id of the record."),
        Parameter(name="artifact_id", about="The brief."),
    ),
    executable=False,
    sound=(Call(kind="crm.attach_brief", target=_TARGET, parameters=_WHOLE),),
    faulty=(Call(kind="crm.attach_brief", target=_TARGET, parameters={"artifact_id": "act_7f3c0c1b"}),),
)
