"""Loads the profiles of a folder; refuses a bad one with its file, the place in it and what to do."""

from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path

import yaml
from pydantic import ValidationError

from revloop.contracts.failures import Reject, RevloopError
from revloop.contracts.ids import canonical
from revloop.tenants.profile import Profile

FORBIDDEN = "extra_forbidden"
"""pydantic's name for a key that no setting has."""
REFERENCE = "docs/generated/profiles.md"
"""Where every setting is described."""


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
        written = yaml.load(path.read_text(encoding="utf-8"), _NoRepeats)  # noqa: S506 - it is a SafeLoader
    except (
        OSError,
        ValueError,
        yaml.YAMLError,
    ) as error:  # ValueError: a day that no calendar has, bytes that are no text
        raise BadProfile(f"{path} cannot be read as YAML: {error}") from error
    if not isinstance(written, dict):
        raise BadProfile(
            f"{path} holds no profile: begin with `tenant: <id>` (examples/tenants has some, {REFERENCE} every setting)"
        )
    try:
        return Profile.model_validate_json(canonical(written), strict=True)
    except ValidationError as error:
        places = "; ".join(_fault(fault["loc"], fault["type"], fault["msg"]) for fault in error.errors())
        raise BadProfile(f"{path}: {places}") from error
    except TypeError as error:
        raise BadProfile(f"{path}: {error}: write names as text, in quotes where they look like numbers") from error


def _fault(steps: Sequence[int | str], kind: str, message: str) -> str:
    place = ".".join(map(str, steps)) or "the profile"
    unknown = f"there is no such setting: mend its name or take it out ({REFERENCE} has every one)"
    return f"{place}: " + (unknown if kind == FORBIDDEN else message)


class _NoRepeats(yaml.SafeLoader):
    """Refuses a key that is written twice: YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        """The mapping; raises ConstructorError for a repeat."""
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    problem=f"{key!r} is written twice: keep one", problem_mark=node.start_mark
                )
        return super().construct_mapping(node, deep=deep)
