"""Objects that a vendor folder found in a delivery come in; normalised records by the tenant's mapping go out."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from revloop.contracts.entities import FIELDS, FieldType
from revloop.contracts.failures import Reject
from revloop.integrations.paths import Reader, is_told, reader
from revloop.integrations.record import (
    DELETED,
    Item,
    Json,
    Normaliser,
    ObjectMapping,
    Record,
    Reference,
    Scalar,
    day,
    decode,
    identifier,
    number,
    scalar,
    shown,
    text,
    time_text,
)

MOST_ACCOUNTS = 50
"""A record that touches more accounts is refused: it says nothing of any of them."""


class Plan(msgspec.Struct, frozen=True):
    """A mapping made ready: its paths are read once."""

    mapping: ObjectMapping

    key: Reader | None
    account: Reader | None
    via: tuple[tuple[str, Reader], ...]
    names: tuple[tuple[str, Reader], ...]
    each: tuple[tuple[str, Reader, Callable[[str, Json], Scalar], Callable[[Json], bool]], ...]

    def accounts(self, raw: dict[str, Json]) -> tuple[str, ...]:
        """Account keys that the record names."""
        if self.account is None:
            return ()
        found = self.account(raw)
        if found is None or found == "":
            return ()
        if not isinstance(found, list):
            return (identifier("account", found),)
        keys = sorted({identifier("account", one) for one in found if one not in (None, "")})
        if len(keys) > MOST_ACCOUNTS:
            raise Reject("too_many_accounts", f"The record touches {len(keys)} accounts, more than {MOST_ACCOUNTS}.")
        return tuple(keys)

    def fields(self, raw: dict[str, Json], *, partial: bool, deleted: bool) -> dict[str, Scalar]:
        """Normalised fields; of a partial record those that it tells."""
        found = {name: typed(name, get(raw)) for name, get, typed, told in self.each if not partial or told(raw)}
        if deleted:
            found[DELETED] = True
        return found


def read_records(
    normaliser: Normaliser, resource: str, body: bytes, objects: Mapping[str, Plan], observed_at: int = 0
) -> Sequence[Record | Reject]:
    """``read_items`` of a body in JSON; raises Reject for one that is none."""
    return read_items(normaliser, resource, decode(body), objects, observed_at)


def read_items(
    normaliser: Normaliser, resource: str, body: Json, objects: Mapping[str, Plan], observed_at: int
) -> Sequence[Record | Reject]:
    """Every record of a delivery in order, a Reject in the place of one that cannot be read.

    ``observed_at`` (ms) is the moment of the delivery: the version of what tells none of its own.
    Raises Reject when the delivery as a whole cannot be read; an answer without objects gives an empty sequence.
    """
    return [
        item if isinstance(item, Reject) else _or_refusal(normaliser.connector, item, objects, observed_at)
        for item in normaliser.items(resource, body)
    ]


def _or_refusal(connector: str, item: Item, objects: Mapping[str, Plan], observed_at: int) -> Record | Reject:
    try:
        return read_record(connector, item, objects, observed_at)
    except Reject as refusal:
        return refusal


def read_record(connector: str, item: Item, objects: Mapping[str, Plan], observed_at: int = 0) -> Record:
    """One object as a record; raises Reject."""
    plan = objects.get(item.object) or objects.get(item.fallback)
    if plan is None:
        raise Reject(
            "unmapped_object",
            f"Object {shown(item.object)} is not in the tenant profile: "
            f"add it under connectors.{connector}.objects, or do not send it.",
        )
    raw = item.raw
    entity_id = identifier("id", item.id)
    fields = plan.fields(raw, partial=item.partial, deleted=item.deleted)
    return Record(
        entity_type=plan.mapping.entity_type,
        entity_id=entity_id,
        entity_key=_key(plan, raw, entity_id, partial=item.partial),
        accounts=plan.accounts(raw),
        via=tuple(found for kind, get in plan.via if (found := _references(kind, get(raw)))),
        names=tuple(reference for kind, get in plan.names for reference in _references(kind, get(raw))),
        version=_version(item, fields.get("revision"), observed_at),
        occurred_at=observed_at if item.occurred_at is None else item.occurred_at,
        fields=fields,
        partial=item.partial,
        merged_into=identifier("merged_into", item.merged_into) if item.merged_into else "",
    )


def _version(item: Item, revision: Scalar, observed_at: int) -> int:
    version = observed_at if item.version is None else item.version
    if not item.revisions:
        return version
    order = min(max(revision, 0), item.revisions - 1) if isinstance(revision, int | float) else 0
    return version * item.revisions + int(order)


def _key(plan: Plan, raw: dict[str, Json], entity_id: str, *, partial: bool) -> str:
    if plan.key is None:
        return entity_id
    found = plan.key(raw)
    if partial and found is None:
        return entity_id  # whoever knows the record knows its key
    return identifier(plan.mapping.key, found)


def _references(kind: str, value: Json) -> tuple[Reference, ...]:
    if value is None or value == "":
        return ()
    values = value if isinstance(value, list) else [value]
    return tuple(sorted({Reference(kind, identifier(kind, one)) for one in values if one not in (None, "")}))


def plans(objects: Mapping[str, ObjectMapping]) -> Mapping[str, Plan]:
    """Every mapping made ready; raises BadPath for a path that cannot be read."""
    return {name: _plan(mapping) for name, mapping in objects.items()}


def _plan(mapping: ObjectMapping) -> Plan:
    types = FIELDS.get(mapping.entity_type, {})

    def ready(path: str) -> Reader:
        return reader(path, mapping.own_domains)

    return Plan(
        mapping=mapping,
        key=ready(mapping.key) if mapping.key else None,
        account=ready(mapping.account) if mapping.account else None,
        via=tuple((kind, ready(path)) for kind, path in mapping.via.items()),
        names=tuple((kind, ready(path)) for kind, path in mapping.names.items()),
        each=tuple(
            (field, ready(path), CHECKS[types[field]] if field in types else scalar, is_told(path))
            for field, path in mapping.fields.items()
        ),
    )


def _id(name: str, value: Json) -> Scalar:
    return None if value is None or value == "" else identifier(name, value)


def _flag(name: str, value: Json) -> Scalar:
    if value is None or isinstance(value, bool):
        return value
    raise Reject("wrong_type", f"Field {name} is {shown(value)}, not true or false: mend it at the source.")


CHECKS: Mapping[FieldType, Callable[[str, Json], Scalar]] = {
    FieldType.TEXT: text,
    FieldType.ID: _id,
    FieldType.NUMBER: number,
    FieldType.FLAG: _flag,
    FieldType.DAY: day,
    FieldType.MOMENT: time_text,
}
