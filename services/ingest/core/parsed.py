"""A delivery comes in; its records or the reason why there are none go out, read once for both keys and step."""

from collections.abc import Mapping, Sequence

import msgspec

from revloop.contracts.entities import EntityType
from revloop.contracts.failures import Reject
from revloop.contracts.generated.events import Delivery, DeliveryMode, Outcome
from revloop.integrations.reading import read_items
from revloop.integrations.record import MAX_ID_LENGTH, Json, Normaliser, ObjectMapping, Record, decode
from revloop.provenance.mappings import every_plan
from revloop.tenants import Profile, Registry

OWN_CONNECTOR = "revloop"
"""Connector of our own effects when they come back as deliveries."""
ACTION = EntityType.ACTION
"""Entity type of our own actions."""
FIRST_HTTP_ERROR = 400
WAREHOUSE = "table:"
"""Resources of what was extracted into a warehouse before."""


class Parsed(msgspec.Struct, frozen=True):
    """What a delivery holds."""

    records: Sequence[Record | Reject]
    refusal: Reject | None = None
    """Why the delivery as a whole cannot be read."""
    outcome: Outcome | None = None
    """Set when it is the outcome of our own action."""
    vendor_id: str = ""
    """The vendor's own id of the delivery, where it has one."""


class Parser:
    """Reads deliveries by the tenant's profile; what it is given does not change while it lives."""

    def __init__(self, registry: Registry, normalisers: Mapping[str, Normaliser]) -> None:
        self._normalisers = normalisers
        self._objects = every_plan(registry, normalisers)

    def parse(self, delivery: Delivery, profile: Profile) -> Parsed:
        """Never raises: a refusal is a result."""
        try:
            if delivery.mode is DeliveryMode.outcome:
                return _own(delivery)
            return self._read(delivery, profile)
        except Reject as refusal:
            return Parsed((), refusal)
        except RecursionError:  # what the decoder just took may be too deep for whoever looks at it
            return Parsed((), Reject("bad_json", "The body is nested deeper than it can be read: ask for less."))

    def entity_type(self, profile: Profile, connector: str, name: str) -> str:
        """What a vendor's object is to the tenant; empty for one that it does not take."""
        plan = self._objects.get((profile.tenant, connector), {}).get(name)
        return plan.mapping.entity_type if plan else ""

    def mappings(self, tenant: str) -> Mapping[str, Mapping[str, ObjectMapping]]:
        """How each object of each connector of a tenant is read."""
        return {
            connector: {name: plan.mapping for name, plan in objects.items()}
            for (owner, connector), objects in self._objects.items()
            if owner == tenant
        }

    def _read(self, delivery: Delivery, profile: Profile) -> Parsed:
        connector = delivery.connector
        normaliser = self._normalisers.get(connector)
        if normaliser is None:
            known = ", ".join(sorted(self._normalisers))
            raise Reject("unknown_connector", f"No connector {connector!r}: this release knows {known}.")
        if connector not in profile.connectors:
            raise Reject(
                "unconfigured_connector", f"Tenant {profile.tenant} has no connector {connector!r} in its profile."
            )
        if delivery.status >= FIRST_HTTP_ERROR:
            raise Reject(
                "http_error",
                f"{connector} answered {delivery.resource} with HTTP {delivery.status}: nothing was read, ask again.",
            )
        if delivery.resource.startswith(WAREHOUSE):
            raise Reject(
                "warehouse_table",
                f"{delivery.resource} is an extract of a warehouse, not from {connector} itself: feed what it sends.",
            )
        body = decode(delivery.body)
        objects = self._objects[profile.tenant, connector]
        try:
            records = read_items(normaliser, delivery.resource, body, objects, delivery.observed_at)
        except Reject as refusal:
            return Parsed((), refusal, None, _vendor_id(normaliser, delivery, body))
        return Parsed(records, None, None, _vendor_id(normaliser, delivery, body))


def _vendor_id(normaliser: Normaliser, delivery: Delivery, body: Json) -> str:
    """The vendor's own id of the delivery; one too long for a key tells nothing, and our own id of it counts."""
    found = normaliser.delivery_id(delivery.resource, body)
    return found if len(found) <= MAX_ID_LENGTH else ""


def _own(delivery: Delivery) -> Parsed:
    try:
        outcome = msgspec.json.decode(delivery.body, type=Outcome)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Reject("bad_outcome", f"Our own outcome cannot be read ({error}).") from error
    record = Record(
        entity_type=ACTION,
        entity_id=outcome.action_id,
        entity_key=outcome.action_id,
        accounts=(outcome.account_id,) if outcome.account_id else (),
        version=delivery.observed_at,
        occurred_at=delivery.occurred_at,
        fields={
            "kind": outcome.action_kind,
            "status": outcome.status.value,
            "error": outcome.error_kind or None,
            "label": outcome.target.label,
            "target": f"{outcome.target.system}/{outcome.target.object}/{outcome.target.object_id}",
        },
    )
    return Parsed((record,), None, outcome)
