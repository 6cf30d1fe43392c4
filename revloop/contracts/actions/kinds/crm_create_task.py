"""crm.create_task: a task for the owner of a record, in the CRM."""

from revloop.contracts.actions.kind import ActionKind, Call, Parameter, ParameterType
from revloop.contracts.generated.events import RiskTier, Target

_TARGET = Target(system="salesforce", object="Task", object_id="", label="Pump station", version=0)
_WHOLE = {
    "subject": "Confirm the date",
    "due_date": "2018-03-01",
    "related_id": "0065NgZQjD7fdRKQWY",
}

KIND = ActionKind(
    name="crm.create_task",
    about="A task for the owner of a record, in the CRM.",
    risk_tier=RiskTier.LOW,
    reversible=True,
    min_confidence=0.70,
    alone_allowed=True,
    system="salesforce",
    object="Task",
    creates=True,
    parameters=(
        Parameter(name="subject", about="One line."),
        Parameter(
            name="description",
            about="What to know and do.",
            required=False,
            max_length=4000,
        ),
        Parameter(name="due_date", about="Day it is due.", type=ParameterType.DATE),
        Parameter(name="related_id", about="Vendor id of the record it is about."),
        Parameter(name="owner_id", about="Vendor id of who should do it.", required=False),
    ),
    sound=(
        Call(kind="crm.create_task", target=_TARGET, parameters=_WHOLE),
        Call(
            kind="crm.create_task",
            target=_TARGET,
            parameters={**_WHOLE, "owner_id": "0056WLbcLzSalKzQJJ"},
        ),
    ),
    faulty=(
        Call(
            kind="crm.create_task",
            target=_TARGET,
            parameters={**_WHOLE, "due_date": "soon"},
        ),
        Call(kind="crm.create_task", target=_TARGET, parameters={**_WHOLE, "amount": 5}),
        Call(
            kind="crm.create_task",
            target=_TARGET,
            parameters={"subject": "Confirm the date"},
        ),
    ),
)
