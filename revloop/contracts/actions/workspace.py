"""Name, risk and confidence of a kind come in; a kind that leaves a titled text in the internal workspace goes out."""

from revloop.contracts.actions.kind import ActionKind, Call, Parameter
from revloop.contracts.generated.events import RiskTier, Target

SYSTEM = "workspace"


def workspace_kind(name: str, obj: str, about: str, *, tier: RiskTier, min_confidence: float) -> ActionKind:
    """Every such item is made once, can be withdrawn, and leaves the house by no door."""
    target = Target(system=SYSTEM, object=obj, object_id="", label="Pump station", version=0)
    whole = {"title": "Close date missing", "text": "Add it."}

    def call(**parameters: str) -> Call:
        return Call(kind=name, target=target, parameters=parameters)

    return ActionKind(
        name=name,
        about=about,
        risk_tier=tier,
        reversible=True,
        min_confidence=min_confidence,
        alone_allowed=True,
        system=SYSTEM,
        object=obj,
        creates=True,
        parameters=(
            Parameter(name="title", about="One line."),
            Parameter(name="text", about="What to know and do.", max_length=4000),
        ),
        sound=(call(**whole),),
        faulty=(
            call(title="Close date missing"),
            call(**{**whole, "title": " "}),
            call(**whole, owner="Ann"),
            call(**{**whole, "title": "x" * 256}),
        ),
    )
