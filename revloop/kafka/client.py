"""Kafka clients' settings from the environment: in comes ``KAFKA_<SETTING>``, out what each client library takes."""

import os
import re
from collections.abc import Mapping

import msgspec

from revloop.contracts.failures import RevloopError

PREFIX = "KAFKA_"
LOCAL_BOOTSTRAP = "127.0.0.1:19092"
ClientConfig = dict[str, str | int | float | bool]

KUBERNETES = re.compile(r"SERVICE_(HOST|PORT.*)|PORT(_.*)?")
"""Kubernetes tells every pod of a service called ``kafka`` so; librdkafka has no setting with such a name."""
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")


class UnusableSetting(RevloopError):
    """A client that is not librdkafka cannot do what a setting asks for."""


def client_config(environment: Mapping[str, str] | None = None, *, bootstrap: str = LOCAL_BOOTSTRAP) -> ClientConfig:
    """librdkafka's settings: ``KAFKA_SASL_MECHANISM`` is ``sasl.mechanism``, and so on for every setting.

    ``bootstrap`` holds where ``KAFKA_BOOTSTRAP_SERVERS`` is not set.
    """
    found = os.environ if environment is None else environment
    named = {name.removeprefix(PREFIX): value for name, value in found.items() if name.startswith(PREFIX)}
    given = {name: value for name, value in named.items() if not KUBERNETES.fullmatch(name)}
    return {"bootstrap.servers": bootstrap, **{name.lower().replace("_", "."): given[name] for name in sorted(given)}}


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """How aiokafka would reach the cluster; ``None`` where there is nothing to say.

    Of this Faust is given the servers alone, which it must name and never connects to.
    """

    servers: tuple[str, ...]
    protocol: str
    mechanism: str | None = None
    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None
    key_password: str | None = None

    @property
    def faust_urls(self) -> list[str]:
        """``kafka://host:port`` for each server."""
        return [f"kafka://{server}" for server in self.servers]

    @property
    def encrypted(self) -> bool:
        """Whether the connection needs a TLS context."""
        return self.protocol.endswith("SSL")

    def __repr__(self) -> str:
        return f"Access({','.join(self.servers)}, {self.protocol}, user {self.username})"  # no password in a log


def aiokafka_access(config: ClientConfig) -> Access:
    """The same access as ``config`` gives librdkafka; raises UnusableSetting for what aiokafka cannot do."""

    def text(*names: str) -> str | None:
        return next((str(config[name]) for name in names if name in config), None)

    protocol = _one_of(PROTOCOLS, (text("security.protocol") or "PLAINTEXT").upper(), "KAFKA_SECURITY_PROTOCOL")
    mechanism = text("sasl.mechanism", "sasl.mechanisms")
    if protocol.startswith("SASL"):
        mechanism = _one_of(MECHANISMS, mechanism or "nothing", "KAFKA_SASL_MECHANISM")
    return Access(
        servers=tuple(server.strip() for server in str(config["bootstrap.servers"]).split(",")),
        protocol=protocol,
        mechanism=mechanism,
        username=text("sasl.username"),
        password=text("sasl.password"),
        ca_file=text("ssl.ca.location"),
        certificate_file=text("ssl.certificate.location"),
        key_file=text("ssl.key.location"),
        key_password=text("ssl.key.password"),
    )


def _one_of(known: tuple[str, ...], value: str, variable: str) -> str:
    if value not in known:
        raise UnusableSetting(f"{variable} is {value}: Revloop's clients know {', '.join(known)}. Set one of them.")
    return value
