"""A delivery comes in; its records or the reason why there are none go out, read once for both keys and step."""

from collections.abc import Mapping, Sequence

import msgspec

from revloop.contracts.failures import Reject
from revloop.contracts.generated.events import Delivery, DeliveryMode, Outcome
from revloop.integrations.record import Normaliser, ObjectMapping, Record
from revloop.tenants import Profile

OWN_CONNECTOR = "revloop"
"""Connector of our own effects when they come back as deliveries."""
ACTION = "action"
"""Entity type of our own actions."""


class Parsed(msgspec.Struct, frozen=True):
    """What a delivery holds."""

    records: Sequence[Record | Reject]
    refusal: Reject | None = None
    """Why the delivery as a whole cannot be read."""
    outcome: Outcome | None = None
    """Set when it is the outcome of our own action."""


class Parser:
    """Reads deliveries by the tenant's profile; what it is given does not change while it lives."""

    def __init__(self, normalisers: Mapping[str, Normaliser]) -> None:
        self._normalisers = normalisers
        self._objects: dict[tuple[str, str], Mapping[str, ObjectMapping]] = {}

    def parse(self, delivery: Delivery, profile: Profile) -> Parsed:
        """Never raises: a refusal is a result."""
        try:
            if delivery.mode is DeliveryMode.outcome:
                return _own(delivery)
            return Parsed(self._records(delivery, profile))
        except Reject as refusal:
            return Parsed((), refusal)

    def _records(self, delivery: Delivery, profile: Profile) -> Sequence[Record | Reject]:
        connector = delivery.connector
        normaliser = self._normalisers.get(connector)
        if normaliser is None:
            known = ", ".join(sorted(self._normalisers))
            raise Reject("unknown_connector", f"No connector {connector!r}: this release knows {known}.")
        if connector not in profile.connectors:
            raise Reject(
                "unconfigured_connector", f"Tenant {profile.tenant} has no connector {connector!r} in its profile."
            )
        return normaliser.records(delivery.resource, delivery.body, self._mappings(profile, connector))

    def _mappings(self, profile: Profile, connector: str) -> Mapping[str, ObjectMapping]:
        key = (profile.tenant, connector)
        found = self._objects.get(key)
        if found is None:
            objects = profile.connectors[connector].objects
            found = {
                name: ObjectMapping(o.entity_type, o.key, o.account, dict(o.fields)) for name, o in objects.items()
            }
            self._objects[key] = found
        return found


def _own(delivery: Delivery) -> Parsed:
    try:
        outcome = msgspec.json.decode(delivery.body, type=Outcome)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Reject("bad_outcome", f"Our own outcome cannot be read ({error}).") from error
    record = Record(
        entity_type=ACTION,
        entity_id=outcome.action_id,
        entity_key=outcome.action_id,
        account=outcome.account_id,
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
