"""HubSpot list pages, single objects and webhook batches come in; one item for each object or change goes out.

A property change tells one property: the rest of the record stays. A merge takes the merged records away.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from revloop.contracts.failures import Reject
from revloop.integrations.hubspot.objects import OBJECTS
from revloop.integrations.record import Item, Json, epoch_ms, moment, shown

SUBSCRIBED: Mapping[str, str] = {
    "company": "companies",
    "contact": "contacts",
    "deal": "deals",
    "ticket": "tickets",
}
"""Webhook subscriptions name an object in the singular."""
KINDS: Mapping[str, str] = {"calls": "call", "emails": "email", "notes": "note"}
DONE = "COMPLETED"


class HubSpot:
    """CRM v3: ``{"results": [{"id": …, "properties": {…}, "updatedAt": …}]}``; webhooks: a list of changes."""

    connector = "hubspot"
    objects = OBJECTS

    def items(self, resource: str, body: Json) -> Sequence[Item | Reject]:
        """One item for each object of a page, or for each change of a batch."""
        if isinstance(body, list):
            return [found for change in body for found in _changed(change)]
        results = body.get("results") if isinstance(body, dict) else None
        if isinstance(results, list):
            return [_read(resource, row) for row in results]
        if isinstance(body, dict) and "id" in body and ("properties" in body or resource == "owners"):
            return [_read(resource, body)]
        if isinstance(body, dict) and body.get("status") == "error":
            raise Reject("vendor_error", f"HubSpot answered with an error: {shown(body.get('category'))}. Ask again.")
        raise Reject(
            "unknown_shape", "The body has no results and is no batch of changes: is it an answer of the CRM API?"
        )

    def delivery_id(self, resource: str, body: Json) -> str:
        """The ids of a batch's changes, as one."""
        if not isinstance(body, list) or not body:
            return ""
        ids = [change.get("eventId") if isinstance(change, dict) else None for change in body]
        return "" if None in ids else sha256(repr(ids).encode()).hexdigest()[:32]


NORMALISER = HubSpot()


def _read(resource: str, row: Json) -> Item | Reject:
    try:
        return _item(resource, row)
    except Reject as refusal:
        return refusal


def _item(resource: str, row: Json) -> Item:
    if not isinstance(row, dict):
        raise Reject("wrong_type", f"A result is {shown(row)}, not an object.")
    name = resource.rsplit("/", 1)[-1]
    found = row.get("properties")
    properties = _properties(found) if isinstance(found, dict) else {}
    at = moment("updatedAt", row.get("updatedAt") or properties.get("hs_lastmodifieddate"))
    return Item(
        object=name,
        raw={**row, "properties": properties, "kind": KINDS.get(name)},
        id=row.get("id"),
        version=at,
        occurred_at=at,
        deleted=row.get("archived") is True and name != "owners",
    )


def _properties(found: Mapping[str, Json]) -> dict[str, Json]:
    """HubSpot writes an empty text for null; whether a task is done is said by its status."""
    properties = {name: None if value == "" else value for name, value in found.items()}
    if "hs_task_status" in properties:
        properties["done"] = properties["hs_task_status"] == DONE
    return properties


# --- webhooks


def _changed(change: Json) -> Sequence[Item | Reject]:
    try:
        return _change(change)
    except Reject as refusal:
        return [refusal]


def _change(change: Json) -> Sequence[Item]:
    if not isinstance(change, dict):
        raise Reject("wrong_type", f"A change of the batch is {shown(change)}, not an object.")
    subscription = change.get("subscriptionType")
    subject, _, what = subscription.partition(".") if isinstance(subscription, str) else ("", "", "")
    name = SUBSCRIBED.get(subject)
    if name is None:
        raise Reject("unmapped_event", f"Subscription {shown(subscription)} is not read: take it off the app's list.")
    at = epoch_ms("occurredAt", change.get("occurredAt"))
    match what:
        case "propertyChange":
            told = _properties({str(change.get("propertyName")): change.get("propertyValue")})
            return [_partial(name, change.get("objectId"), at, told)]
        case "creation":
            return [_partial(name, change.get("objectId"), at, {})]
        case "deletion" | "privacyDeletion":
            return [
                Item(
                    object=name,
                    raw={},
                    id=change.get("objectId"),
                    version=at,
                    occurred_at=at,
                    deleted=True,
                    partial=True,
                )
            ]
        case "merge":
            return _merged(name, change, at)
    raise Reject("unmapped_event", f"Subscription {shown(subscription)} tells no content: ask for the object instead.")


def _partial(name: str, number: Json, at: int, properties: dict[str, Json]) -> Item:
    raw: dict[str, Json] = {"properties": properties}
    return Item(object=name, raw=raw, id=number, version=at, occurred_at=at, partial=True)


def _merged(name: str, change: dict[str, Json], at: int) -> Sequence[Item]:
    winner = change.get("newObjectId") or change.get("primaryObjectId")
    losers = change.get("mergedObjectIds")
    if not isinstance(losers, list) or isinstance(winner, bool) or not isinstance(winner, int | str):
        raise Reject("unknown_shape", "A merge names no mergedObjectIds and primaryObjectId.")
    return [
        Item(
            object=name,
            raw={},
            id=loser,
            version=at,
            occurred_at=at,
            deleted=True,
            partial=True,
            merged_into=str(winner),
        )
        for loser in losers
        if loser != winner
    ]
