"""A record of the read model comes in; where each of its fields stood in the vendor's body goes out."""

from collections.abc import Mapping

from revloop.integrations.record import Normaliser
from revloop.provenance.mappings import every_plan
from revloop.provenance.places import Origin, origins
from revloop.tenants import Registry


class Origins:
    """Knows how every tenant reads its vendors' objects, as the resolver does."""

    def __init__(self, registry: Registry, normalisers: Mapping[str, Normaliser]) -> None:
        self._normalisers = normalisers
        self._objects = every_plan(registry, normalisers)

    def of(self, tenant: str, connector: str, resource: str, body: bytes, item: int) -> Mapping[str, Origin]:
        """By normalised field; empty for our own outcomes, and for what the tenant reads no more."""
        objects = self._objects.get((tenant, connector))
        if objects is None:
            return {}
        return origins(self._normalisers[connector], resource, body, item, objects)
