"""Settings of ingest: those every service has, the limits of its edge, and how to reach the vendors it polls."""

from typing import Annotated

from pydantic import Field, SecretStr

from revloop.streams import ServiceSettings


class Settings(ServiceSettings):
    """Bounds of what comes from outside."""

    max_body_bytes: Annotated[
        int, Field(ge=1, le=8 * 2**20, description="Larger webhook bodies are refused with 413.")
    ] = 8 * 2**20
    public_url: Annotated[
        str,
        Field(
            pattern=r"^(https?://[^/?#\s]+(/[^?#\s]*)?)?$",
            description="Address that vendors call, up to `/v1`, where a proxy stands before ingest: HubSpot signs it. "
            "Empty: the one of the request.",
        ),
    ] = ""
    wall_tick_seconds: Annotated[float, Field(gt=0, description="Step of the wall clock.")] = 10.0
    salesforce_url: Annotated[
        str, Field(description="Base URL of the Salesforce organisation; empty when there is none.")
    ] = ""
    salesforce_client_id: Annotated[str, Field(description="Client id of the OAuth client-credentials flow.")] = ""
    salesforce_client_secret: Annotated[SecretStr, Field(description="Its secret; never logged.")] = SecretStr("")
