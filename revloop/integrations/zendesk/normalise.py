"""Zendesk pages and single objects come in; one item for each organization, user or ticket goes out."""

from collections.abc import Mapping, Sequence

from revloop.contracts.failures import Reject
from revloop.integrations.record import Item, Json, moment, shown
from revloop.integrations.zendesk.objects import OBJECTS

SINGULAR: Mapping[str, str] = {"organization": "organizations", "user": "users", "ticket": "tickets"}
DONE = frozenset({"solved", "closed"})
FRESH = "new"


class Zendesk:
    """``{"tickets": [ … ]}``, ``{"ticket": { … }}``, and search answers: ``{"results": [{"result_type": …}]}``."""

    connector = "zendesk"
    objects = OBJECTS

    def items(self, resource: str, body: Json) -> Sequence[Item | Reject]:
        """One item for each object."""
        if not isinstance(body, dict):
            raise Reject("unknown_shape", "The body is no answer of Zendesk's: it is not an object.")
        if "error" in body or "errors" in body:
            raise Reject("vendor_error", f"Zendesk answered with an error: {shown(body.get('error'))}. Ask again.")
        for name in OBJECTS:
            rows = body.get(name)
            if isinstance(rows, list):
                return [_read(name, row) for row in rows]
        for name, plural in SINGULAR.items():
            if isinstance(body.get(name), dict):
                return [_read(plural, body[name])]
        results = body.get("results")
        if isinstance(results, list):
            return [_found(row) for row in results]
        raise Reject(
            "unmapped_object", f"{shown(resource)} brings no organizations, users or tickets: do not ask for it."
        )

    def delivery_id(self, resource: str, body: Json) -> str:
        """An answer has no id."""
        return ""


NORMALISER = Zendesk()


def _found(row: Json) -> Item | Reject:
    kind = row.get("result_type") if isinstance(row, dict) else None
    name = SINGULAR.get(kind) if isinstance(kind, str) else None
    if name is None:
        return Reject("unmapped_object", f"A result of type {shown(kind)} is not read.")
    return _read(name, row)


def _read(name: str, row: Json) -> Item | Reject:
    try:
        return _item(name, row)
    except Reject as refusal:
        return refusal


def _item(name: str, row: Json) -> Item:
    if not isinstance(row, dict):
        raise Reject("wrong_type", f"One of {name} is {shown(row)}, not an object.")
    at = moment("updated_at", row.get("updated_at") or row.get("created_at"))
    status = row.get("status")
    raw = {**row, "status_category": _category(status)} if name == "tickets" else row
    return Item(object=name, raw=raw, id=row.get("id"), version=at, occurred_at=at, deleted=status == "deleted")


def _category(status: Json) -> Json:
    """Zendesk's states in the three words that help desks share."""
    if not isinstance(status, str):
        return None
    return "done" if status in DONE else "new" if status == FRESH else "indeterminate"
