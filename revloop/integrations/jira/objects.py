"""How Jira's own fields of an issue are read; custom fields are the tenant's, in its profile."""

from collections.abc import Mapping

from revloop.contracts.entities import EntityType
from revloop.integrations.record import ObjectMapping

OBJECTS: Mapping[str, ObjectMapping] = {
    "issue": ObjectMapping(
        entity_type=EntityType.SUPPORT_CASE,
        fields={
            "subject": "summary",
            "status": "status.name",
            "status_category": "status.statusCategory.key",
            "priority": "priority.name",
            "created": "created",
            "resolved": "resolutiondate",
            "requester_id": "reporter.accountId",
            "assignee": "assignee.accountId",
        },
    ),
}
