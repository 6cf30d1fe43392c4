"""How Segment's calls are read; a profile may map one event of its own (``track/Order Completed``) to anything else."""

from collections.abc import Mapping

from revloop.contracts.entities import EntityType
from revloop.integrations.record import ObjectMapping

GROUP = "context.groupId"

OBJECTS: Mapping[str, ObjectMapping] = {
    "track": ObjectMapping(
        entity_type=EntityType.USAGE, account=GROUP, fields={"metric": "event", "user_id": "userId"}
    ),
    "page": ObjectMapping(entity_type=EntityType.USAGE, account=GROUP, fields={"metric": "name", "user_id": "userId"}),
    "screen": ObjectMapping(
        entity_type=EntityType.USAGE, account=GROUP, fields={"metric": "name", "user_id": "userId"}
    ),
    "identify": ObjectMapping(
        entity_type=EntityType.CONTACT,
        account=GROUP,
        names={"email": "traits.email | lower"},
        fields={"name": "traits.name", "email": "traits.email | lower", "title": "traits.title"},
    ),
    "group": ObjectMapping(
        entity_type=EntityType.ACCOUNT,
        account="groupId",
        fields={"name": "traits.name", "industry": "traits.industry", "domain": "traits.website | domain"},
    ),
}
