"""Settings every service has, from the environment (``REVLOOP_…`` and ``KAFKA_…``)."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ClientConfig = dict[str, str | int | float | bool]


class ServiceSettings(BaseSettings):
    """What a service process is told; secrets are named, never held here."""

    model_config = SettingsConfigDict(env_prefix="REVLOOP_", frozen=True, extra="ignore")

    home: Annotated[Path, Field(description="Folder of state, logs and keys.")] = Path(".revloop")
    host: Annotated[str, Field(description="Address to bind; loopback unless told otherwise.")] = "127.0.0.1"
    port: Annotated[
        int, Field(ge=0, le=65535, description="HTTP port: health, metrics and the service's own routes.")
    ] = 0
    instance: Annotated[
        str, Field(description="Name of this worker among those of its service; keep it over restarts.")
    ] = "0"
    commit_interval_ms: Annotated[int, Field(ge=10, le=60_000, description="How often a transaction is committed.")] = (
        100
    )
    session_timeout_ms: Annotated[
        int, Field(ge=2000, description="After this silence a worker's partitions go to another.")
    ] = 10_000
    transaction_timeout_ms: Annotated[
        int, Field(ge=1000, description="After this the broker aborts an open transaction.")
    ] = 10_000
    batch_records: Annotated[int, Field(ge=1, description="Records taken in one read.")] = 1000
    tenants_dir: Annotated[Path, Field(description="Folder of tenant profiles.")] = Path("examples/tenants")
    policies_dir: Annotated[Path, Field(description="Folder of Cedar policies.")] = Path("policies")
    log_level: Annotated[str, Field(description="DEBUG, INFO, WARNING or ERROR.")] = "INFO"

    def client(self) -> ClientConfig:
        """librdkafka settings: every ``KAFKA_<SETTING>`` of the environment, dots for underscores."""
        given = {
            name[6:].lower().replace("_", "."): value for name, value in os.environ.items() if name.startswith("KAFKA_")
        }
        return {"bootstrap.servers": "127.0.0.1:19092", **given}

    def data(self, service: str) -> Path:
        """Folder of a service's own state."""
        return self.home / "data" / service / self.instance
