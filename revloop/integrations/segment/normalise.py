"""Segment calls come in, alone or in a batch; one item for each goes out. Calls without an id are refused."""

from collections.abc import Mapping, Sequence

from revloop.contracts.failures import Reject
from revloop.integrations.record import Item, Json, moment, shown
from revloop.integrations.segment.objects import OBJECTS

TIMES = ("timestamp", "originalTimestamp", "receivedAt", "sentAt")
"""Where a call says when it happened, best first: ``timestamp`` is corrected for the clock of the sender."""
IDS: Mapping[str, tuple[str, ...]] = {
    "track": ("messageId",),
    "page": ("messageId",),
    "screen": ("messageId",),
    "identify": ("userId", "anonymousId"),
    "group": ("groupId",),
}
"""What a call is about: itself, a person or a group."""
NAMED = frozenset({"track", "page", "screen"})


class Segment:
    """``{"type": "track", "event": …, "messageId": …}``, or ``{"batch": [ … ]}``."""

    connector = "segment"
    objects = OBJECTS

    def items(self, resource: str, body: Json) -> Sequence[Item | Reject]:
        """One item for each call."""
        if not isinstance(body, dict):
            raise Reject("unknown_shape", "The body is no call of Segment's: it is not an object.")
        batch = body.get("batch")
        calls = batch if isinstance(batch, list) else [body]
        return [_read(resource, call) for call in calls]

    def delivery_id(self, resource: str, body: Json) -> str:
        """The call's own id; a batch has none."""
        found = body.get("messageId") if isinstance(body, dict) else None
        return f"{body.get('type', resource)} {found}" if isinstance(body, dict) and isinstance(found, str) else ""


NORMALISER = Segment()


def _read(resource: str, call: Json) -> Item | Reject:
    try:
        return _item(resource, call)
    except Reject as refusal:
        return refusal


def _item(resource: str, call: Json) -> Item:
    if not isinstance(call, dict):
        raise Reject("wrong_type", f"A call of the batch is {shown(call)}, not an object.")
    kind = call.get("type", resource)
    if not isinstance(kind, str) or kind not in IDS:
        raise Reject("unmapped_event", f"Calls of type {shown(kind)} say nothing of an account: do not send them here.")
    told = next((call[name] for name in TIMES if call.get(name)), None)
    at = None if told is None else moment("timestamp", told)
    label = call.get("event") or call.get("name")
    return Item(
        object=f"{kind}/{label}" if kind in NAMED and isinstance(label, str) else kind,
        fallback=kind,
        raw=call,
        id=next((call[name] for name in IDS[kind] if call.get(name)), None),
        version=at,
        occurred_at=at,
    )
