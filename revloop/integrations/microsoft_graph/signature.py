"""Graph signs nothing: each notification brings back the ``clientState`` of its subscription (128 characters at most).

Before it makes a subscription, Graph asks whether the address is ours: its token is sent back, decoded.
"""

from urllib.parse import parse_qs

from revloop.contracts.failures import Reject
from revloop.integrations.record import Json, decode
from revloop.integrations.signature import Push, Signature, alike

TOKEN = "validationToken"  # noqa: S105 - the name of a parameter


def _fault(secret: str, push: Push) -> str:
    """``{"value": [{"clientState": <secret>, …}]}``: one that lacks it spoils them all; the rest is not covered."""
    try:
        body = decode(push.body)
    except Reject as refusal:
        return refusal.detail
    found = body.get("value") if isinstance(body, dict) else None
    if not isinstance(found, list) or not found:
        return "the body has no notification under value: is it Graph that sends it?"
    if all(alike(_state(one), secret) for one in found):
        return ""
    return "a notification has another clientState: make its subscription anew with the secret as clientState"


def _state(notification: Json) -> str:
    state = notification.get("clientState") if isinstance(notification, dict) else None
    return state if isinstance(state, str) else ""


def _challenge(push: Push) -> str:
    return parse_qs(push.url.partition("?")[2]).get(TOKEN, [""])[0]


SIGNATURE = Signature(fault=_fault, challenge=_challenge)
