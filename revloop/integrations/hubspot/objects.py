"""How HubSpot's own objects and properties are read; custom properties and pipelines are the tenant's."""

from collections.abc import Mapping

from revloop.contracts.entities import EntityType
from revloop.integrations.record import ObjectMapping

COMPANY, DEAL, CONTACT = "hubspot/companies", "hubspot/deals", "hubspot/contacts"
TO_COMPANY = "associations.companies.results.0.id"
TO_DEAL = "associations.deals.results.0.id"
TO_CONTACT = "associations.contacts.results.0.id"
LINKS = {COMPANY: TO_COMPANY, DEAL: TO_DEAL, CONTACT: TO_CONTACT}


def _interaction(**fields: str) -> ObjectMapping:
    return ObjectMapping(
        entity_type=EntityType.INTERACTION,
        via=LINKS,
        fields={"kind": "kind", "at": "properties.hs_timestamp", "contact_id": TO_CONTACT, **fields},
    )


OBJECTS: Mapping[str, ObjectMapping] = {
    "companies": ObjectMapping(
        entity_type=EntityType.ACCOUNT,
        account="id",
        names={"domain": "properties.domain | lower"},
        fields={
            "name": "properties.name",
            "domain": "properties.domain | lower",
            "industry": "properties.industry",
            "country": "properties.country",
            "owner_id": "properties.hubspot_owner_id",
            "status": "properties.lifecyclestage",
            "created": "properties.createdate",
        },
    ),
    "contacts": ObjectMapping(
        entity_type=EntityType.CONTACT,
        via={COMPANY: TO_COMPANY},
        names={"email": "properties.email | lower"},
        fields={
            "name": "properties.lastname",
            "email": "properties.email | lower",
            "title": "properties.jobtitle",
            "role": "properties.hs_buying_role | lower",
            "created": "properties.createdate",
        },
    ),
    "deals": ObjectMapping(
        entity_type=EntityType.OPPORTUNITY,
        via={COMPANY: TO_COMPANY, CONTACT: TO_CONTACT},
        fields={
            "name": "properties.dealname",
            "stage": "properties.dealstage",
            "pipeline": "properties.pipeline",
            "amount": "properties.amount | number",
            "close_date": "properties.closedate | day",
            "created": "properties.createdate",
            "owner_id": "properties.hubspot_owner_id",
            "closed": "properties.hs_is_closed | flag",
            "won": "properties.hs_is_closed_won | flag",
        },
    ),
    "tasks": ObjectMapping(
        entity_type=EntityType.DEADLINE,
        via={DEAL: TO_DEAL, COMPANY: TO_COMPANY, CONTACT: TO_CONTACT},
        fields={
            "key": "id",
            "due": "properties.hs_timestamp",
            "kind": "properties.hs_task_type",
            "subject": "properties.hs_task_subject",
            "done": "properties.done",
        },
    ),
    "meetings": ObjectMapping(
        entity_type=EntityType.MEETING,
        via=LINKS,
        fields={
            "title": "properties.hs_meeting_title",
            "starts": "properties.hs_meeting_start_time",
            "ends": "properties.hs_meeting_end_time",
            "location": "properties.hs_meeting_location",
        },
    ),
    "calls": _interaction(subject="properties.hs_call_title", direction="properties.hs_call_direction | lower"),
    "emails": _interaction(subject="properties.hs_email_subject", direction="properties.hs_email_direction | lower"),
    "notes": _interaction(),
    "tickets": ObjectMapping(
        entity_type=EntityType.SUPPORT_CASE,
        via={COMPANY: TO_COMPANY, CONTACT: TO_CONTACT},
        fields={
            "subject": "properties.subject",
            "status": "properties.hs_pipeline_stage",
            "priority": "properties.hs_ticket_priority | lower",
            "created": "properties.createdate",
            "resolved": "properties.closed_date",
        },
    ),
    "owners": ObjectMapping(
        entity_type=EntityType.USER, fields={"name": "lastName", "email": "email | lower", "active": "archived | not"}
    ),
}
