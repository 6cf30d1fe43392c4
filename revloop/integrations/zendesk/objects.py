"""How Zendesk's own objects and fields are read; custom fields, by number, are the tenant's."""

from collections.abc import Mapping

from revloop.contracts.entities import EntityType
from revloop.integrations.record import ObjectMapping

ORGANIZATION, USER = "zendesk/organizations", "zendesk/users"

OBJECTS: Mapping[str, ObjectMapping] = {
    "organizations": ObjectMapping(
        entity_type=EntityType.ACCOUNT,
        account="id",
        names={"domain": "domain_names"},
        fields={"name": "name", "domain": "domain_names | first", "created": "created_at"},
    ),
    "users": ObjectMapping(
        entity_type=EntityType.CONTACT,
        via={ORGANIZATION: "organization_id"},
        names={"email": "email | lower"},
        fields={
            "name": "name",
            "email": "email | lower",
            "active": "active",
            "created": "created_at",
            "last_activity": "last_login_at",
        },
    ),
    "tickets": ObjectMapping(
        entity_type=EntityType.SUPPORT_CASE,
        via={ORGANIZATION: "organization_id", USER: "requester_id"},
        fields={
            "subject": "subject",
            "status": "status",
            "status_category": "status_category",
            "priority": "priority",
            "created": "created_at",
            "resolved": "metric_set.solved_at",
            "reopen_count": "metric_set.reopens",
            "requester_id": "requester_id",
            "assignee": "assignee_id",
            "group": "group_id | text",
        },
    ),
}
