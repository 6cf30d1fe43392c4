"""crm.create_opportunity: a new deal, undone by closing it as created in error; nothing in this release makes one."""

from revloop.contracts.actions.kind import ActionKind, Call, Parameter, ParameterType
from revloop.contracts.generated.events import RiskTier, Target

_TARGET = Target(system="salesforce", object="Opportunity", object_id="", label="Pump station", version=0)
_WHOLE = {"name": "Pump station, second phase", "related_account_id": "0015NgZQjD7fdRKQWY", "close_date": "2019-03-01"}

KIND = ActionKind(
    name="crm.create_opportunity",
    about="A new deal in the CRM, without an amount: amounts come from people.",
    risk_tier=RiskTier.MEDIUM,
    reversible=True,
    min_confidence=0.80,
    alone_allowed=False,
    system="salesforce",
    object="Opportunity",
    creates=True,
    parameters=(
        Parameter(name="name", about="Name of the deal.", max_length=120),
        Parameter(name="related_account_id", about="Vendor id of the account."),
        Parameter(name="close_date", about="Expected day.", type=ParameterType.DATE),
    ),
    executable=False,
    sound=(Call(kind="crm.create_opportunity", target=_TARGET, parameters=_WHOLE),),
    faulty=(Call(kind="crm.create_opportunity", target=_TARGET, parameters={**_WHOLE, "amount": 5e6}),),
)
