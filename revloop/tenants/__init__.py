"""Tenant profiles: what each tenant's fields mean, which clock it has, and the thresholds of its signals."""

from revloop.tenants.profile import ConnectorProfile, ObjectProfile, Profile, SignalSettings, UsageQuantity
from revloop.tenants.registry import BadProfile, Registry, UnknownTenant

__all__ = [
    "BadProfile",
    "ConnectorProfile",
    "ObjectProfile",
    "Profile",
    "Registry",
    "SignalSettings",
    "UnknownTenant",
    "UsageQuantity",
]
