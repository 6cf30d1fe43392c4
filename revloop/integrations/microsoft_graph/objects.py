"""How Outlook events are read: the attendees outside the tenant's own domains say whose meeting it is.

A meeting with people of several accounts belongs to each of them.
"""

from collections.abc import Mapping

from revloop.contracts.entities import EntityType
from revloop.integrations.record import ObjectMapping

OUTSIDE = "attendees.*.emailAddress.address | external | lower"

OBJECTS: Mapping[str, ObjectMapping] = {
    "events": ObjectMapping(
        entity_type=EntityType.MEETING,
        via={"email": OUTSIDE, "domain": f"{OUTSIDE} | domain"},
        fields={
            "title": "subject",
            "starts": "starts",
            "ends": "ends",
            "cancelled": "isCancelled",
            "location": "location.displayName",
            "organizer": "organizer.emailAddress.address",
            "attendees": "attendees | count",
            "external_attendees": f"{OUTSIDE} | join",
        },
    ),
}
