"""Google Calendar pages and single events come in, one item for each goes out. A cancelled event is a deletion."""

from collections.abc import Sequence

from revloop.contracts.failures import Reject
from revloop.contracts.times import iso
from revloop.integrations.google_calendar.objects import OBJECTS
from revloop.integrations.record import Item, Json, moment, shown

CANCELLED = "cancelled"
EVENT = "calendar#event"


class GoogleCalendar:
    """``events.list``: ``{"kind": "calendar#events", "items": [ … ]}``; a push tells nothing but to ask again."""

    connector = "google-calendar"
    objects = OBJECTS

    def items(self, resource: str, body: Json) -> Sequence[Item | Reject]:
        """One item for each event."""
        if not isinstance(body, dict):
            raise Reject("unknown_shape", "The body is no answer of Google's: it is not an object.")
        if isinstance(body.get("error"), dict):
            raise Reject("vendor_error", "Google answered with an error. Nothing was read: ask again.")
        items = body.get("items")
        if isinstance(items, list):
            return [_read(event) for event in items]
        if body.get("kind") == EVENT:
            return [_read(body)]
        raise Reject("unknown_shape", "The body has no items: a push notification only says to ask for the events.")

    def delivery_id(self, resource: str, body: Json) -> str:
        """An answer has no id."""
        return ""


NORMALISER = GoogleCalendar()


def _read(event: Json) -> Item | Reject:
    try:
        return _item(event)
    except Reject as refusal:
        return refusal


def _item(event: Json) -> Item:
    if not isinstance(event, dict):
        raise Reject("wrong_type", f"An event is {shown(event)}, not an object.")
    updated = event.get("updated")
    at = None if updated is None else moment("updated", updated)
    cancelled = event.get("status") == CANCELLED
    raw = {**event, **_times(event), "is_cancelled": cancelled}
    return Item(
        object="events",
        raw=raw,
        id=event.get("id"),
        version=at,
        occurred_at=at,
        deleted=cancelled,
        partial=cancelled,  # a sync may bring the id of a cancelled event and no more
    )


def _times(event: dict[str, Json]) -> dict[str, Json]:
    return {name: _when(key, event) for name, key in (("starts", "start"), ("ends", "end")) if key in event}


def _when(name: str, event: dict[str, Json]) -> Json:
    """A moment; an event that takes the whole day begins at 00:00 UTC of it."""
    found = event.get(name)
    if not isinstance(found, dict):
        return None
    value = found.get("dateTime") or found.get("date")
    return None if value is None else iso(moment(name, value))
