"""How Intercom's own objects are read; a conversation is a support case, since it is open until somebody closes it."""

from collections.abc import Mapping

from revloop.contracts.entities import EntityType
from revloop.integrations.record import ObjectMapping

COMPANY, CONTACT = "intercom/company", "intercom/contact"
FIRST_CONTACT = "contacts.contacts.0.id"

OBJECTS: Mapping[str, ObjectMapping] = {
    "company": ObjectMapping(
        entity_type=EntityType.ACCOUNT,
        account="company_id",
        names={"domain": "website | domain"},
        fields={"name": "name", "industry": "industry", "domain": "website | domain", "created": "created_at | unix"},
    ),
    "contact": ObjectMapping(
        entity_type=EntityType.CONTACT,
        via={COMPANY: "companies.data.0.id"},
        names={"email": "email | lower"},
        fields={
            "name": "name",
            "email": "email | lower",
            "created": "created_at | unix",
            "last_activity": "last_seen_at | unix",
        },
    ),
    "conversation": ObjectMapping(
        entity_type=EntityType.SUPPORT_CASE,
        via={CONTACT: FIRST_CONTACT},
        fields={
            "subject": "title",
            "status": "state",
            "status_category": "status_category",
            "priority": "priority",
            "created": "created_at | unix",
            "requester_id": FIRST_CONTACT,
            "reopen_count": "statistics.count_reopens",
        },
    ),
    "ticket": ObjectMapping(
        entity_type=EntityType.SUPPORT_CASE,
        key="ticket_id",
        via={CONTACT: FIRST_CONTACT},
        fields={
            "subject": "ticket_attributes._default_title_",
            "status": "ticket_state",
            "status_category": "status_category",
            "created": "created_at | unix",
            "requester_id": FIRST_CONTACT,
        },
    ),
}
