"""Intercom answers and webhooks come in; one item for each company, contact, conversation or ticket goes out."""

from collections.abc import Mapping, Sequence

from revloop.contracts.failures import Reject
from revloop.contracts.times import SECOND_MS
from revloop.integrations.intercom.objects import OBJECTS
from revloop.integrations.record import Item, Json, epoch_ms, shown

LISTS: Mapping[str, str] = {"data": "", "conversations": "conversation", "tickets": "ticket", "contacts": "contact"}
"""Where a page has its objects, and what they are where they do not say."""
NOTIFICATION = "notification_event"
DONE = frozenset({"closed", "resolved", "snoozed_and_closed"})
CASES = frozenset({"conversation", "ticket"})
TIMES = ("updated_at", "created_at")


class Intercom:
    """REST answers name their ``type``; webhooks are ``{"type": "notification_event", "data": {"item": …}}``."""

    connector = "intercom"
    objects = OBJECTS

    def items(self, resource: str, body: Json) -> Sequence[Item | Reject]:
        """One item for each object that can be read."""
        if not isinstance(body, dict):
            raise Reject("unknown_shape", "The body is no answer of Intercom's: it is not an object.")
        kind = body.get("type")
        if kind == "error.list" or "errors" in body:
            raise Reject("vendor_error", "Intercom answered with an error. Nothing was read: ask again.")
        if kind == NOTIFICATION:
            data = body.get("data")
            return [_read(data.get("item") if isinstance(data, dict) else None, "")]
        if isinstance(kind, str) and kind in OBJECTS:
            return [_read(body, kind)]
        for name, default in LISTS.items():
            rows = body.get(name)
            if isinstance(rows, list):
                return [_read(row, default) for row in rows]
        raise Reject(
            "unmapped_object",
            f"{shown(resource)} brings no company, contact, conversation or ticket: do not ask for it.",
        )

    def delivery_id(self, resource: str, body: Json) -> str:
        """A webhook's own id."""
        found = body.get("id") if isinstance(body, dict) and body.get("type") == NOTIFICATION else None
        return found if isinstance(found, str) else ""


NORMALISER = Intercom()


def _read(row: Json, default: str) -> Item | Reject:
    try:
        return _item(row, default)
    except Reject as refusal:
        return refusal


def _item(row: Json, default: str) -> Item:
    if not isinstance(row, dict):
        raise Reject("wrong_type", f"One of the list is {shown(row)}, not an object.")
    name = row.get("type") or default
    if not isinstance(name, str) or name not in OBJECTS:
        raise Reject("unmapped_object", f"Objects of type {shown(name)} are not read.")
    seconds = next((row[field] for field in TIMES if row.get(field)), None)
    at = None if seconds is None else _moment(seconds)
    raw = {**row, "status_category": _category(row)} if name in CASES else row
    return Item(object=name, raw=raw, id=row.get("id"), version=at, occurred_at=at, deleted=row.get("deleted") is True)


def _category(row: Mapping[str, Json]) -> Json:
    """In the words that help desks share: a snoozed conversation will come back, so it is not done."""
    state = row.get("state") or row.get("ticket_state")
    if row.get("open") is False or (isinstance(state, str) and state in DONE):
        return "done"
    return None if state is None else "indeterminate"


def _moment(seconds: Json) -> int:
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise Reject("wrong_type", f"Field updated_at is {shown(seconds)}, not a Unix time: mend it at the source.")
    return epoch_ms("updated_at", seconds * SECOND_MS)
