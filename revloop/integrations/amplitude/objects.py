"""How Amplitude's events are read; which group is the account, and which property a contract, a tenant says itself."""

from collections.abc import Mapping

from revloop.contracts.entities import EntityType
from revloop.integrations.record import ObjectMapping

OBJECTS: Mapping[str, ObjectMapping] = {
    "event": ObjectMapping(
        entity_type=EntityType.USAGE,
        account="groups.account_id | first",
        fields={"metric": "event_type", "user_id": "user_id"},
    ),
}
