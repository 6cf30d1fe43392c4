"""Loads the profiles of a folder; refuses a bad one with its file, the place in it and what to do."""

from collections.abc import Iterable
from pathlib import Path

import yaml
from pydantic import ValidationError

from revloop.contracts.failures import Reject, RevloopError
from revloop.tenants.profile import Profile


class BadProfile(RevloopError):
    """A profile that cannot be used; the message names the file, the place and the fault."""


class UnknownTenant(Reject):
    """A tenant without a profile."""

    def __init__(self, tenant_id: str) -> None:
        super().__init__(
            "unknown_tenant", f"No profile for tenant {tenant_id!r}: add one to the tenants folder and start again."
        )


class Registry:
    """Profiles by tenant, fixed while it lives."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self._profiles = {profile.tenant: profile for profile in profiles}

    @classmethod
    def load(cls, folder: Path) -> "Registry":
        """Every ``*.yaml`` of ``folder``; raises BadProfile."""
        if not folder.is_dir():
            raise BadProfile(f"{folder} is no folder: name the folder with the tenant profiles")
        profiles = [load_profile(path) for path in sorted(folder.glob("*.yaml"))]
        names = [profile.tenant for profile in profiles]
        for name in names:
            if names.count(name) > 1:
                raise BadProfile(f"{folder}: tenant {name!r} has more than one profile")
        return cls(profiles)

    def get(self, tenant_id: str) -> Profile:
        """The tenant's profile; raises UnknownTenant."""
        profile = self._profiles.get(tenant_id)
        if profile is None:
            raise UnknownTenant(tenant_id)
        return profile

    def tenants(self) -> list[str]:
        """Every tenant, sorted."""
        return sorted(self._profiles)


def load_profile(path: Path) -> Profile:
    """One profile; raises BadProfile."""
    try:
        return Profile.model_validate(yaml.safe_load(path.read_text()))
    except yaml.YAMLError as error:
        raise BadProfile(f"{path} is no YAML: {error}") from error
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise BadProfile(f"{path}: {places}") from error
