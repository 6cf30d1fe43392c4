"""Stripe webhook events, lists and single objects come in; one item for each object goes out.

A subscription that was cancelled is still told in full (status ``canceled``): only ``customer.deleted`` is a deletion.
"""

from collections.abc import Sequence

from revloop.contracts.failures import Reject
from revloop.contracts.times import SECOND_MS
from revloop.integrations.record import Item, Json, epoch_ms, shown
from revloop.integrations.stripe.objects import OBJECTS

DELETION = "customer.deleted"
TRIALING = "trialing"


class Stripe:
    """``{"object": "event", "id": "evt_…", "created": s, "data": {"object": { … }}}``."""

    connector = "stripe"
    objects = OBJECTS

    def items(self, resource: str, body: Json) -> Sequence[Item | Reject]:
        """The object of an event, or those of a list."""
        kind = body.get("object") if isinstance(body, dict) else None
        if not isinstance(body, dict) or (kind is None and "error" not in body):
            raise Reject("unknown_shape", "The body is no object of Stripe's: it does not say which.")
        if "error" in body:
            raise Reject("vendor_error", "Stripe answered with an error. Nothing was read: ask again.")
        if kind == "event":
            data = body.get("data")
            found = data.get("object") if isinstance(data, dict) else None
            return [_read(found, body.get("created"), deleted=body.get("type") == DELETION)]
        if kind == "list" and isinstance(body.get("data"), list):
            rows = body["data"]
            assert isinstance(rows, list)  # looked at in the line before
            return [_read(row, None) for row in rows]
        return [_read(body, None)]

    def delivery_id(self, resource: str, body: Json) -> str:
        """Stripe sends the same event id again when it was not acknowledged."""
        found = body.get("id") if isinstance(body, dict) and body.get("object") == "event" else None
        return found if isinstance(found, str) else ""


NORMALISER = Stripe()


def _read(found: Json, created: Json, *, deleted: bool = False) -> Item | Reject:
    try:
        return _item(found, created, deleted=deleted)
    except Reject as refusal:
        return refusal


def _item(found: Json, created: Json, *, deleted: bool) -> Item:
    if not isinstance(found, dict) or not isinstance(found.get("object"), str):
        raise Reject("unknown_shape", "There is no object where the event should bring one.")
    name = str(found["object"])
    at = None if created is None else _moment(created)
    raw = {**found, "is_trialing": found.get("status") == TRIALING} if name == "subscription" else found
    return Item(object=name, raw=raw, id=found.get("id"), version=at, occurred_at=at, deleted=deleted)


def _moment(seconds: Json) -> int:
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise Reject("wrong_type", f"Field created is {shown(seconds)}, not a Unix time: mend it at the source.")
    return epoch_ms("created", seconds * SECOND_MS)
