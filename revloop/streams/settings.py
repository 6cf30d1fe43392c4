"""Settings every service has, from the environment (``REVLOOP_…`` and ``KAFKA_…``)."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from revloop.kafka.client import ClientConfig, client_config


class ServiceSettings(BaseSettings):
    """What a service process is told; secrets are named, never held here."""

    model_config = SettingsConfigDict(env_prefix="REVLOOP_", frozen=True, extra="ignore", populate_by_name=True)

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
    stalled_after_ms: Annotated[
        int, Field(ge=1000, description="A stage or sink that did nothing for so long ends the process (exit 1).")
    ] = 30_000
    batch_records: Annotated[int, Field(ge=1, description="Records taken in one read.")] = 1000
    tenants_dir: Annotated[Path, Field(description="Folder of tenant profiles.")] = Path("examples/tenants")
    policies_dir: Annotated[Path, Field(description="Folder of Cedar policies.")] = Path("policies")
    log_level: Annotated[str, Field(description="DEBUG, INFO, WARNING or ERROR.")] = "INFO"
    schema_registry_url: Annotated[
        str,
        Field(
            description="Confluent Schema Registry that names schemas; empty for none. Also `SCHEMA_REGISTRY_URL`.",
            validation_alias=AliasChoices("REVLOOP_SCHEMA_REGISTRY_URL", "SCHEMA_REGISTRY_URL"),
        ),
    ] = ""
    schema_registry_user_info: Annotated[
        SecretStr, Field(description="`user:password` for the registry; never logged.")
    ] = SecretStr("")

    @model_validator(mode="after")
    def _commit_within_the_transaction(self) -> Self:
        if self.commit_interval_ms * 2 > self.transaction_timeout_ms:
            raise ValueError(
                f"REVLOOP_TRANSACTION_TIMEOUT_MS={self.transaction_timeout_ms} is too short for transactions of "
                f"REVLOOP_COMMIT_INTERVAL_MS={self.commit_interval_ms}: make it at least twice as long"
            )
        return self

    def client(self) -> ClientConfig:
        """librdkafka settings: every ``KAFKA_<SETTING>`` of the environment, dots for underscores."""
        return client_config()

    def secrets(self) -> tuple[str, ...]:
        """Values that no log may show."""
        own = (value.get_secret_value() for value in vars(self).values() if isinstance(value, SecretStr))
        kafka = (str(value) for name, value in self.client().items() if "password" in name or "secret" in name)
        return tuple(filter(None, (*own, *kafka)))

    def data(self, service: str) -> Path:
        """Folder of a service's own state."""
        return self.home / "data" / service / self.instance
