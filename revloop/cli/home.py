"""Where things are on one machine: the home folder, the ports, and what must run there."""

import os
import sys
from pathlib import Path

import msgspec

from revloop.contracts.failures import RevloopError

SERVICES = ("ledger", "executor", "orchestrator", "decision", "world_model", "perception", "ingest", "console")
"""Started in this order, stopped in the reverse: readers before writers."""
DEFAULT_PORT_BASE = 8080
KAFKA_OFFSET, STANDIN_OFFSET = 11012, 10
"""Ports relative to the base: Kafka on 19092 and the Salesforce stand-in on 8090 by default."""
OFFSETS = {
    "console": 0,
    "ingest": 1,
    "perception": 2,
    "world_model": 3,
    "decision": 4,
    "orchestrator": 5,
    "executor": 6,
    "ledger": 7,
}
LAST_PORT = 65_535


class BadHome(RevloopError):
    """The environment names no place where a home could be."""


class Home(msgspec.Struct, frozen=True):
    """One installation on this machine."""

    directory: Path
    port_base: int = DEFAULT_PORT_BASE

    @classmethod
    def from_environment(cls) -> "Home":
        """REVLOOP_HOME (default .revloop here) and REVLOOP_PORT_BASE (default 8080)."""
        base = os.environ.get("REVLOOP_PORT_BASE", str(DEFAULT_PORT_BASE))
        if not base.isdecimal() or not 0 < int(base) < LAST_PORT - KAFKA_OFFSET:
            raise BadHome(f"REVLOOP_PORT_BASE is {base!r}: set it to a port below {LAST_PORT - KAFKA_OFFSET}")
        return cls(Path(os.environ.get("REVLOOP_HOME", ".revloop")).absolute(), int(base))

    def service_at(self, port: int | None) -> str:
        """Whose HTTP port it is."""
        return next((name for name in SERVICES if self.port(name) == port), f"port {port}")

    def port(self, service: str) -> int:
        """HTTP port of a service."""
        return self.port_base + OFFSETS[service]

    def url(self, service: str) -> str:
        """Base URL of a service."""
        return f"http://127.0.0.1:{self.port(service)}"

    @property
    def kafka_port(self) -> int:
        """Port of the local broker."""
        return self.port_base + KAFKA_OFFSET

    @property
    def standin_port(self) -> int:
        """Port of the Salesforce stand-in."""
        return self.port_base + STANDIN_OFFSET

    @property
    def bootstrap(self) -> str:
        """Kafka bootstrap servers: another cluster's when KAFKA_BOOTSTRAP_SERVERS names one."""
        return os.environ.get("KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:{self.kafka_port}")

    @property
    def own_broker(self) -> bool:
        """Whether this machine runs the broker."""
        return "KAFKA_BOOTSTRAP_SERVERS" not in os.environ

    def environment(self, service: str) -> dict[str, str]:
        """What a service process is told."""
        return {
            "REVLOOP_HOME": str(self.directory),
            "REVLOOP_PORT": str(self.port(service)),
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
            "PYTHONUNBUFFERED": "1",
        }

    def command(self, service: str) -> list[str]:
        """Command line of a service process."""
        return [sys.executable, "-m", f"services.{service}"]
