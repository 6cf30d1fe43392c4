"""Settings of Kafka clients from the environment: any librdkafka setting as ``KAFKA_<SETTING>``."""

import os
from collections.abc import Mapping

PREFIX = "KAFKA_"
ClientConfig = dict[str, str | int | float | bool]


def client_config(environment: Mapping[str, str] | None = None) -> ClientConfig:
    """``KAFKA_BOOTSTRAP_SERVERS=…`` is ``bootstrap.servers``, ``KAFKA_SASL_MECHANISM=…`` ``sasl.mechanism``, etc."""
    found = os.environ if environment is None else environment
    return {
        name.removeprefix(PREFIX).lower().replace("_", "."): value
        for name, value in found.items()
        if name.startswith(PREFIX)
    }
