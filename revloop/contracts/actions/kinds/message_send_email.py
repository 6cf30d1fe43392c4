"""message.send_email: words that leave the house; nothing in this release sends them, so policy refuses."""

from revloop.contracts.actions.kind import ActionKind, Call, Parameter
from revloop.contracts.generated.events import RiskTier, Target

_TARGET = Target(system="mail", object="Message", object_id="", label="Chief engineer", version=0)
_WHOLE = {
    "to": "003xmjaSjPNmSPeAUN",
    "subject": "The new date",
    "body": "May we talk about the new date?",
}

KIND = ActionKind(
    name="message.send_email",
    about="A mail to a contact of the account.",
    risk_tier=RiskTier.HIGH,
    reversible=False,
    min_confidence=1.0,
    alone_allowed=False,
    system="mail",
    object="Message",
    creates=True,
    parameters=(
        Parameter(name="to", about="Vendor id of the contact; addresses come from records."),
        Parameter(name="subject", about="One line."),
        Parameter(name="body", about="The text.", max_length=10_000),
    ),
    executable=False,
    sound=(Call(kind="message.send_email", target=_TARGET, parameters=_WHOLE),),
    faulty=(
        Call(
            kind="message.send_email",
            target=_TARGET,
            parameters={"to": "003xmjaSjPNmSPeAUN"},
        ),
    ),
)
