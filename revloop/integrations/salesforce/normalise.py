"""Salesforce query pages come in, one item for each row goes out; error bodies and rows without an id are refused."""

from collections.abc import Sequence

from revloop.contracts.failures import Reject
from revloop.integrations.record import Item, Json, identifier, moment, shown
from revloop.integrations.salesforce.objects import OBJECTS


class Salesforce:
    """REST query answers: ``{"records": [{"attributes": {"type": …}, "Id": …}]}``."""

    connector = "salesforce"
    objects = OBJECTS

    def items(self, resource: str, body: Json) -> Sequence[Item | Reject]:
        """One item for each row of the page."""
        if isinstance(body, list) and (code := _error_code(body)):
            raise Reject("vendor_error", f"Salesforce answered with an error: {code}. Nothing was read: ask again.")
        rows = body.get("records") if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise Reject("unknown_shape", "The body has no list of records: is it the answer to a query?")
        return [_read(resource, row) for row in rows]

    def delivery_id(self, resource: str, body: Json) -> str:
        """An answer to a query has no id."""
        return ""


NORMALISER = Salesforce()


def _error_code(page: list[Json]) -> str:
    first = page[0] if page else None
    return shown(first.get("errorCode")) if isinstance(first, dict) and "errorCode" in first else ""


def _read(resource: str, row: Json) -> Item | Reject:
    try:
        return _item(resource, row)
    except Reject as refusal:
        return refusal


def _item(resource: str, row: Json) -> Item:
    if not isinstance(row, dict):
        raise Reject("wrong_type", f"A row of the page is a {type(row).__name__}, not a record.")
    attributes = row.get("attributes")
    entity_id = identifier("Id", row.get("Id"))
    version = moment("SystemModstamp", row.get("SystemModstamp") or row.get("LastModifiedDate"))
    master = row.get("MasterRecordId")
    return Item(
        object=str(attributes.get("type", resource)) if isinstance(attributes, dict) else resource,
        raw=row,
        id=entity_id,
        version=version,
        occurred_at=version,
        deleted=row.get("IsDeleted") is True,
        merged_into=master if isinstance(master, str) else "",
    )
