"""How Google Calendar's events are read: the attendees outside the tenant's own domains say whose meeting it is.

A meeting with people of several accounts belongs to each of them.
"""

from collections.abc import Mapping

from revloop.contracts.entities import EntityType
from revloop.integrations.record import ObjectMapping

OUTSIDE = "attendees.*.email | external | lower"

OBJECTS: Mapping[str, ObjectMapping] = {
    "events": ObjectMapping(
        entity_type=EntityType.MEETING,
        via={"email": OUTSIDE, "domain": f"{OUTSIDE} | domain"},
        fields={
            "title": "summary",
            "starts": "starts",
            "ends": "ends",
            "cancelled": "is_cancelled",
            "location": "location",
            "organizer": "organizer.email",
            "attendees": "attendees | count",
            "external_attendees": f"{OUTSIDE} | join",
        },
    ),
}
