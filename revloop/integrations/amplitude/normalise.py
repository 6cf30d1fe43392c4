"""Lines of an Amplitude export, or a batch of events, come in; one item for each event goes out."""

from collections.abc import Sequence

from revloop.contracts.failures import Reject
from revloop.integrations.amplitude.objects import OBJECTS
from revloop.integrations.record import Item, Json, epoch_ms, moment, shown

IDS = ("uuid", "$insert_id", "insert_id")
"""``uuid`` is Amplitude's own; an insert id is the sender's, and senders repeat them for other events."""
TIMES = ("event_time", "client_event_time", "server_upload_time")


class Amplitude:
    """Exports are lists of ``{"uuid": …, "event_type": …, "event_time": "2023-01-01 00:00:00.000000"}`` (UTC)."""

    connector = "amplitude"
    objects = OBJECTS

    def items(self, resource: str, body: Json) -> Sequence[Item | Reject]:
        """One item for each event."""
        events = body.get("events") if isinstance(body, dict) else body
        if isinstance(body, dict) and events is None and "event_type" in body:
            events = [body]
        if not isinstance(events, list):
            raise Reject("unknown_shape", "The body is neither a list of events nor an object with events.")
        return [_read(event) for event in events]

    def delivery_id(self, resource: str, body: Json) -> str:
        """An export has no id."""
        return ""


NORMALISER = Amplitude()


def _read(event: Json) -> Item | Reject:
    try:
        return _item(event)
    except Reject as refusal:
        return refusal


def _item(event: Json) -> Item:
    if not isinstance(event, dict):
        raise Reject("wrong_type", f"An event is {shown(event)}, not an object.")
    stamp = event.get("time")
    text = next((event[name] for name in TIMES if event.get(name)), None)
    at = moment("event_time", text) if stamp is None else epoch_ms("time", stamp)
    return Item(
        object="event",
        raw=event,
        id=next((event[name] for name in IDS if event.get(name)), None),
        version=at,
        occurred_at=at,
    )
