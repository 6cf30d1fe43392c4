"""Salesforce query pages come in, one record for each row goes out; error bodies and rows without an id are refused."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from revloop.contracts.failures import Reject
from revloop.integrations.record import (
    DELETED,
    Getter,
    Json,
    ObjectMapping,
    Record,
    Scalar,
    account_key,
    day,
    decode,
    getter,
    identifier,
    moment,
    number,
    scalar,
    shown,
    text,
    time_text,
)

TYPED: Mapping[str, Callable[[str, Json], Scalar]] = {
    "close_date": day,
    "amount": number,
    "created": time_text,
    "stage": text,
    "name": text,
}
"""Normalised fields whose values must have a type; all others are taken as they are."""


class Salesforce:
    """REST query answers: ``{"records": [{"attributes": {"type": …}, "Id": …}]}``."""

    connector = "salesforce"

    def records(self, resource: str, body: bytes, objects: Mapping[str, ObjectMapping]) -> Sequence[Record | Reject]:
        """One record for each row of the page."""
        page = decode(body)
        if isinstance(page, list) and (code := _error_code(page)):
            raise Reject("vendor_error", f"Salesforce answered with an error: {code}. Nothing was read: ask again.")
        rows = page.get("records") if isinstance(page, dict) else None
        if not isinstance(rows, list):
            raise Reject("unknown_shape", "The body has no list of records: is it the answer to a query?")
        return [_read(resource, row, objects) for row in rows]


NORMALISER = Salesforce()


def _error_code(page: list[Json]) -> str:
    first = page[0] if page else None
    return shown(first.get("errorCode")) if isinstance(first, dict) and "errorCode" in first else ""


def _read(resource: str, row: Json, objects: Mapping[str, ObjectMapping]) -> Record | Reject:
    try:
        return _record(resource, row, objects)
    except Reject as refusal:
        return refusal


def _record(resource: str, row: Json, objects: Mapping[str, ObjectMapping]) -> Record:
    if not isinstance(row, dict):
        raise Reject("wrong_type", f"A row of the page is a {type(row).__name__}, not a record.")
    attributes = row.get("attributes")
    name = str(attributes.get("type", resource)) if isinstance(attributes, dict) else resource
    mapping = objects.get(name)
    if mapping is None:
        raise Reject(
            "unmapped_object",
            f"Object {shown(name)} is not in the tenant profile: add it under connectors.salesforce.objects.",
        )
    entity_id = identifier("Id", row.get("Id"))
    version = moment("SystemModstamp", row.get("SystemModstamp") or row.get("LastModifiedDate"))
    key, account, paths = _paths(mapping.key, mapping.account, tuple(mapping.fields.items()))
    fields = {name: typed(name, get(row)) for name, get, typed in paths}
    if row.get("IsDeleted") is True:
        fields[DELETED] = True
    return Record(
        entity_type=mapping.entity_type,
        entity_id=entity_id,
        entity_key=identifier(mapping.key, key(row)) if key else entity_id,
        account=account_key(account(row)) if account else "",
        version=version,
        occurred_at=version,
        fields=fields,
    )


@lru_cache(maxsize=256)
def _paths(
    key: str, account: str, fields: tuple[tuple[str, str], ...]
) -> tuple[Getter | None, Getter | None, list[tuple[str, Getter, Callable[[str, Json], Scalar]]]]:
    paths = [(name, getter(path), TYPED.get(name, scalar)) for name, path in fields]
    return getter(key) if key else None, getter(account) if account else None, paths
