"""Settings of the executor: those every service has, its workers, and how to reach its targets."""

from typing import Annotated

from pydantic import Field, SecretStr

from revloop.streams import ServiceSettings


class Settings(ServiceSettings):
    """Workers and targets."""

    workers: Annotated[int, Field(ge=1, le=64, description="Orders handled at the same time.")] = 2
    salesforce_url: Annotated[
        str, Field(description="Base URL of the Salesforce organisation; empty when there is none.")
    ] = ""
    salesforce_client_id: Annotated[str, Field(description="Client id of the OAuth client-credentials flow.")] = ""
    salesforce_client_secret: Annotated[SecretStr, Field(description="Its secret; never logged.")] = SecretStr("")
    target_timeout_seconds: Annotated[
        float, Field(gt=0, le=15, description="Longest wait for one answer of a target.")
    ] = 5.0
