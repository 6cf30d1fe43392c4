"""A tenant profile comes in; how each object of its connectors will be read goes out, with what cannot work."""

from collections.abc import Mapping

import msgspec

from revloop.contracts.entities import FIELDS, EntityType
from revloop.integrations import load_normalisers
from revloop.integrations.paths import BadPath
from revloop.integrations.reading import plans
from revloop.integrations.record import ObjectMapping
from revloop.provenance.mappings import object_mappings
from revloop.tenants import Profile

ANCHORLESS = frozenset({EntityType.USER, EntityType.PRODUCT})
"""Entities that belong to no account."""


class ReadAs(msgspec.Struct, frozen=True, kw_only=True):
    """How one object of a vendor is read."""

    connector: str
    object: str
    entity_type: str
    account: str
    """Path of the account, or the objects and names that lead to it."""
    fields: int
    custom: tuple[str, ...]
    """Fields under names of the tenant's own."""


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What a profile comes to."""

    objects: tuple[ReadAs, ...]
    faults: tuple[str, ...]


def review(profile: Profile) -> Review:
    """Every object that ``profile`` takes; faults say what to change."""
    normalisers = load_normalisers()
    faults: list[str] = []
    mappings: dict[str, Mapping[str, ObjectMapping]] = {}
    for connector in profile.connectors:
        normaliser = normalisers.get(connector)
        if normaliser is None:
            faults.append(f"connectors.{connector}: there is no such connector; there are {', '.join(normalisers)}")
            continue
        mappings[connector] = object_mappings(profile, connector, normaliser.objects)
    published = _published(mappings)
    rows = [
        _row(connector, name, mapping, published, faults)
        for connector, objects in mappings.items()
        for name, mapping in objects.items()
    ]
    return Review(objects=tuple(rows), faults=tuple(faults))


def _published(mappings: Mapping[str, Mapping[str, ObjectMapping]]) -> set[str]:
    found = {f"{connector}/{name}" for connector, objects in mappings.items() for name in objects}
    return found | {kind for objects in mappings.values() for mapping in objects.values() for kind in mapping.names}


def _row(connector: str, name: str, mapping: ObjectMapping, published: set[str], faults: list[str]) -> ReadAs:
    place = f"connectors.{connector}.objects.{name}"
    try:
        plans({name: mapping})
    except BadPath as error:
        faults.append(f"{place}: {error}")
    if not mapping.entity_type:
        faults.append(f"{place}: say its entity_type: {connector} has no standard for it")
    if not any(kind in published for kind in mapping.via) and mapping.via and not mapping.account:
        faults.append(f"{place}.via: nothing is published as {' or '.join(mapping.via)}: map the object that is")
    if not mapping.account and not mapping.via and mapping.entity_type not in ANCHORLESS:
        faults.append(f"{place}: neither account nor via says where its account is found")
    return ReadAs(
        connector=connector,
        object=name,
        entity_type=mapping.entity_type,
        account=mapping.account or " or ".join(mapping.via),
        fields=len(mapping.fields),
        custom=tuple(sorted(mapping.fields.keys() - FIELDS.get(mapping.entity_type, {}).keys())),
    )
