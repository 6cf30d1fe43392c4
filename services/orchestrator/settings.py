"""Settings of the orchestrator: those every service has, and whose signatures it trusts."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from revloop.streams import ServiceSettings


class Settings(ServiceSettings):
    """The public keys of issuers whose assertions count."""

    issuer_keys: Annotated[
        tuple[Path, ...], Field(description="PEM files of issuers' public keys; the local issuer's when there is none.")
    ] = ()
