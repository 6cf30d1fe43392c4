"""What we asked a vendor comes in; whether its answer tells only what was there already goes out."""

import msgspec

from revloop.contracts.generated.events import Delivery, DeliveryMode

SINCE = ("modified_since", "sync_token", "delta_token")
"""How a poll says from where on it wants to know; null in the first."""


def is_baseline(delivery: Delivery) -> bool:
    """Whether it answers a first poll: one that names neither a moment nor a token of a poll before."""
    if delivery.mode is not DeliveryMode.poll or not delivery.request:
        return False
    try:
        request = msgspec.json.decode(delivery.request)
    except (msgspec.DecodeError, RecursionError):
        return False  # what we did not write ourselves tells nothing
    return isinstance(request, dict) and SINCE[0] in request and not any(request.get(name) for name in SINCE)
