"""crm.update_field: new values for a few named fields of one record, undone by the inverse write."""

from revloop.contracts.actions.kind import ActionKind, Call, Parameter, ParameterType
from revloop.contracts.generated.events import FieldChange, RiskTier, Target

_TARGET = Target(
    system="salesforce",
    object="Opportunity",
    object_id="0065NgZQjD7fdRKQWY",
    label="Pump station",
    version=1_377_993_600_000,
)
_CREATED = Target(
    system="salesforce",
    object="Opportunity",
    object_id="",
    label="Pump station",
    version=0,
)
_STEP = FieldChange(field="next_step", before=None, after="Confirm the date")

KIND = ActionKind(
    name="crm.update_field",
    about="New values for a few named fields of one record.",
    risk_tier=RiskTier.MEDIUM,
    reversible=True,
    min_confidence=0.80,
    alone_allowed=False,
    system="salesforce",
    object="",
    creates=False,
    fields=(
        Parameter(name="next_step", about="What is to be done next."),
        Parameter(name="close_date", about="Expected day.", type=ParameterType.DATE),
        Parameter(name="health", about="How it stands, in the tenant's words."),
        Parameter(name="stage", about="Stage, in the tenant's words."),
    ),
    sound=(Call(kind="crm.update_field", target=_TARGET, changes=(_STEP,)),),
    faulty=(
        Call(kind="crm.update_field", target=_TARGET),
        Call(kind="crm.update_field", target=_CREATED, changes=(_STEP,)),
        Call(
            kind="crm.update_field",
            target=_TARGET,
            changes=(FieldChange(field="amount", before=1.0, after=2.0),),
        ),
        Call(kind="crm.update_field", target=_TARGET, changes=(_STEP, _STEP)),
        Call(
            kind="crm.update_field",
            target=_TARGET,
            changes=(FieldChange(field="close_date", before="2018-01-01", after="next spring"),),
        ),
        Call(
            kind="crm.update_field",
            target=_TARGET,
            changes=(FieldChange(field="next_step", before="Confirm the date", after=None),),
        ),
    ),
)
