"""A name comes in; a kind that nobody may do through the loop goes out, known so that its refusal can say why."""

from revloop.contracts.actions.kind import ActionKind, Call, Parameter
from revloop.contracts.generated.events import RiskTier, Target


def never_kind(name: str, obj: str, about: str) -> ActionKind:
    """A kind of tier NEVER: not an unknown word, but a known thing that is no business of the loop."""
    target = Target(
        system="salesforce", object=obj, object_id="0065NgZQjD7fdRKQWY", label="Pump station", version=1_377_993_600_000
    )
    return ActionKind(
        name=name,
        about=about,
        risk_tier=RiskTier.NEVER,
        reversible=False,
        min_confidence=1.0,
        alone_allowed=False,
        system="salesforce",
        object=obj,
        creates=False,
        parameters=(Parameter(name="value", about="What it would be set to."),),
        executable=False,
        sound=(Call(kind=name, target=target, parameters={"value": "10"}),),
        faulty=(Call(kind=name, target=target),),
    )
