"""Google Calendar: pages of ``events.list`` with sync tokens."""

from collections.abc import Sequence

from revloop.contracts.times import MINUTE_MS
from revloop.simulate import words
from revloop.simulate.keys import digest
from revloop.simulate.records import Meeting, Record
from revloop.simulate.wire.form import Json, Poll, Row, stamp

CALENDAR = f"customers@{words.OWN_DOMAIN}"
MINUTES = (60 + 40, 7 * 60 + 40, 13 * 60 + 40, 19 * 60 + 40)


def polls() -> list[Poll]:
    """One calendar, asked with a token: an answer without events is an answer, too."""
    return [Poll("google-calendar", "events", MINUTES, 250, row, _page, synced=True, when_empty=True)]


def resource(record: Record) -> str:
    """The resource that a record is here, empty for none."""
    return "events" if isinstance(record, Meeting) else ""


def row(record: Record) -> Row:
    """One event; of a cancelled one a sync gives little more than its id."""
    if not isinstance(record, Meeting):
        raise TypeError(f"{type(record).__name__} is not kept here")
    etag = f'"{digest("etag", record.id, record.changed).hex()[:16]}"'
    if record.cancelled:
        return {
            "kind": "calendar#event",
            "etag": etag,
            "id": record.id,
            "status": "cancelled",
            "updated": stamp(record.changed),
        }
    people = [record.host, *record.guests]
    return {
        "kind": "calendar#event",
        "etag": etag,
        "id": record.id,
        "status": "confirmed",
        "created": stamp(record.created),
        "updated": stamp(record.changed),
        "summary": record.title,
        "organizer": {"email": record.host},
        "start": {"dateTime": stamp(record.start), "timeZone": "UTC"},
        "end": {"dateTime": stamp(record.start + record.minutes * MINUTE_MS), "timeZone": "UTC"},
        "iCalUID": f"{record.id}@google.com",
        "sequence": 0,
        "attendees": [{"email": email, "responseStatus": "needsAction"} for email in people],
        "eventType": "default",
    }


def token(at: int) -> str:
    """What the next question begins with."""
    return digest("sync", at).hex()[:32]


def _page(rows: Sequence[Row], at: int) -> Json:
    return {
        "kind": "calendar#events",
        "etag": f'"{digest("page", at).hex()[:16]}"',
        "summary": CALENDAR,
        "updated": stamp(at),
        "timeZone": "UTC",
        "accessRole": "reader",
        "defaultReminders": [],
        "nextSyncToken": token(at),
        "items": list(rows),
    }
