"""Pages of Outlook events and single ones come in; one item for each event goes out. ``@removed`` is a deletion."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from revloop.contracts.failures import Reject
from revloop.contracts.times import iso, parse_iso
from revloop.integrations.microsoft_graph.objects import OBJECTS
from revloop.integrations.record import Item, Json, moment, shown

FRACTION = 26
"""Graph writes seven digits of a second, Python reads six: ``2017-09-07T15:30:00.0000000``."""


class MicrosoftGraph:
    """``calendarView/delta`` and other lists of events: ``{"value": [ … ]}``."""

    connector = "ms-graph-calendar"
    objects = OBJECTS

    def items(self, resource: str, body: Json) -> Sequence[Item | Reject]:
        """One item for each event."""
        if not isinstance(body, dict):
            raise Reject("unknown_shape", "The body is no answer of Graph's: it is not an object.")
        if "error" in body:
            raise Reject("vendor_error", "Graph answered with an error. Nothing was read: ask again.")
        value = body.get("value")
        if isinstance(value, list):
            return [_read(event) for event in value]
        if _is_event(body):
            return [_read(body)]
        raise Reject("unmapped_object", f"{shown(resource)} brings no events: do not ask for it.")

    def delivery_id(self, resource: str, body: Json) -> str:
        """An answer has no id."""
        return ""


NORMALISER = MicrosoftGraph()


def _is_event(found: Json) -> bool:
    return isinstance(found, dict) and "id" in found and ("start" in found or "@removed" in found)


def _read(event: Json) -> Item | Reject:
    try:
        return _item(event)
    except Reject as refusal:
        return refusal


def _item(event: Json) -> Item:
    if not isinstance(event, dict):
        raise Reject("wrong_type", f"One of the list is {shown(event)}, not an object.")
    if not _is_event(event):
        raise Reject("unmapped_object", "One of the list is no event: it has no id or no start.")
    changed = event.get("lastModifiedDateTime") or event.get("createdDateTime")
    at = None if changed is None else moment("lastModifiedDateTime", _six(changed))
    removed = "@removed" in event
    return Item(
        object="events",
        raw={**event, **_times(event)},
        id=event.get("id"),
        version=at,
        occurred_at=at,
        deleted=removed,
        partial=removed,  # what was removed is told by its id alone
    )


def _times(event: dict[str, Json]) -> dict[str, Json]:
    return {name: _when(key, event) for name, key in (("starts", "start"), ("ends", "end")) if key in event}


def _six(text: Json) -> Json:
    if not isinstance(text, str) or len(text) <= FRACTION or "." not in text:
        return text
    return text[:FRACTION] + ("Z" if text.endswith("Z") else "")


def _when(name: str, event: dict[str, Json]) -> Json:
    """A moment from a local time and the name of its zone."""
    found = event.get(name)
    if not isinstance(found, dict):
        return None
    value, zone = _six(found.get("dateTime")), found.get("timeZone") or "UTC"
    if value is None:
        return None
    if not isinstance(value, str) or not isinstance(zone, str):
        raise Reject("wrong_type", f"Field {name} is no time with a zone: mend it at the source.")
    try:
        return iso(parse_iso(datetime.fromisoformat(value).replace(tzinfo=_zone(zone)).isoformat()))
    except (ValueError, OverflowError) as error:  # the zone may lead out of the years 1 to 9999
        raise Reject("wrong_type", f"Field {name} is {shown(value)}, not a time: mend it at the source.") from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a name may lead to a folder, or be no file's name
        raise Reject(
            "unknown_time_zone",
            f'Zone {shown(name)} is not of the IANA list: ask Graph with the header Prefer: outlook.timezone="UTC".',
        ) from error
