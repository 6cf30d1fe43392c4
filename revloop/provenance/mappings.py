"""A tenant's profile and a vendor's standard come in; how each object of the connector is read goes out."""

from collections.abc import Mapping

from revloop.integrations.reading import Plan, plans
from revloop.integrations.record import Normaliser, ObjectMapping
from revloop.tenants import ObjectProfile, Profile, Registry

NOTHING = ObjectProfile()


def every_plan(registry: Registry, normalisers: Mapping[str, Normaliser]) -> dict[tuple[str, str], Mapping[str, Plan]]:
    """(tenant, connector) -> how each object is read; connectors that this release does not know are left out."""
    return {
        (tenant, connector): plans(object_mappings(registry.get(tenant), connector, normalisers[connector].objects))
        for tenant in registry.tenants()
        for connector in registry.get(tenant).connectors
        if connector in normalisers
    }


def object_mappings(
    profile: Profile, connector: str, standard: Mapping[str, ObjectMapping]
) -> Mapping[str, ObjectMapping]:
    """Every object that the tenant takes from ``connector``: the vendor's standard, added to and overridden."""
    own = profile.connectors[connector].objects
    taken = [name for name in dict.fromkeys((*standard, *own)) if own.get(name, NOTHING) is not None]
    return {name: _mapping(profile, connector, standard.get(name), own.get(name) or NOTHING, taken) for name in taken}


def _mapping(
    profile: Profile, connector: str, standard: ObjectMapping | None, own: ObjectProfile, objects: list[str]
) -> ObjectMapping:
    base = standard or ObjectMapping(entity_type="")
    linked = bool(own.account or own.via)
    via = {_kind(connector, kind, objects): path for kind, path in own.via.items()}
    return ObjectMapping(
        entity_type=own.entity_type or base.entity_type,
        key=own.key or base.key,
        account=own.account if linked else base.account,
        via=via if linked else base.via,
        names={**base.names, **own.names},
        fields={name: path for name, path in {**base.fields, **own.fields}.items() if path is not None},
        own_domains=profile.own_domains,
    )


def _kind(connector: str, kind: str, objects: list[str]) -> str:
    """An object of the same connector is named without it."""
    return f"{connector}/{kind}" if kind in objects else kind


def referred_kinds(mappings: Mapping[str, Mapping[str, ObjectMapping]]) -> frozenset[str]:
    """Kinds under which some object looks for others, over all connectors of a tenant: nobody asks for the rest."""
    return frozenset(kind for objects in mappings.values() for mapping in objects.values() for kind in mapping.via)
