"""The stack of one home: broker, topics, stand-in and services, started in order and stopped in the reverse."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx

from revloop.cli.home import SERVICES, Home
from revloop.cli.processes import Processes, wait_until
from revloop.kafka.admin import apply, topic_specs
from revloop.kafka.client import client_config
from revloop.kafka.local import LocalKafka

READY_WITHIN_S = 90.0
STANDIN = "standin-salesforce"
STANDIN_USER, STANDIN_SECRET = "revloop-demo", "revloop-demo-secret"  # the stand-in's own, it protects nothing

Say = Callable[[str], None]


class Stack:
    """Everything that runs for one home."""

    def __init__(self, home: Home, cache: Path | None = None) -> None:
        self.home = home
        self._cache = cache
        self.processes = Processes(home.directory)

    def broker(self) -> LocalKafka:
        """The local broker of this home."""
        return LocalKafka(self.home.directory / "kafka", self.home.kafka_port, self._cache)

    def up(self, say: Say, *, standin_data: Sequence[Path] = (), tenants: Path | None = None) -> None:
        """Start what does not run yet, and wait until all of it is ready."""
        if self.home.own_broker:
            say("starting Kafka")
            self.broker().start()
        say("applying topics")
        apply(topic_specs(), client_config(bootstrap=self.home.bootstrap))
        if standin_data:
            say("starting the Salesforce stand-in")
            self.start_standin(standin_data)
        say(f"starting {len(SERVICES)} services")
        for service in SERVICES:
            self.start(service, tenants)
        for service in SERVICES:
            self.await_ready(service)
            say(f"{service} is ready on {self.home.url(service)}")

    def down(self, say: Say) -> None:
        """Stop services, stand-in and broker; what was committed stays."""
        if stopped := self.processes.stop(*reversed(self.processes.known())):
            say(f"stopped {', '.join(stopped)}")
        if self.home.own_broker and self.broker().stop():
            say("stopped Kafka")

    def memory_bytes(self) -> dict[str, int]:
        """Resident memory of each running process."""
        found = {name: self.processes.memory_bytes(name) for name in self.processes.known()}
        if self.home.own_broker:
            found["kafka"] = self.broker().memory_bytes()
        return found

    def start(self, service: str, tenants: Path | None) -> None:
        """Start one service unless it runs."""
        env = self.home.environment(service)
        if tenants is not None:
            env["REVLOOP_TENANTS_DIR"] = str(tenants.absolute())
        if self.processes.find(STANDIN) is not None:
            env |= self._standin_environment()
        self.processes.start(service, self.home.command(service), env, self.home.port(service))

    def _standin_environment(self) -> dict[str, str]:
        return {
            "REVLOOP_SALESFORCE_URL": f"http://127.0.0.1:{self.home.standin_port}",
            "REVLOOP_SALESFORCE_CLIENT_ID": STANDIN_USER,
            "REVLOOP_SALESFORCE_CLIENT_SECRET": STANDIN_SECRET,
        }

    def start_standin(self, data: Sequence[Path]) -> None:
        """Start the Salesforce stand-in with the records of delivery folders, and wait until it answers."""
        port = self.home.standin_port
        state = self.home.directory / "standin" / "salesforce"
        argv = [
            sys.executable,
            "-m",
            "standins.salesforce",
            "--port",
            str(port),
            "--state",
            str(state),
            *(part for folder in data for part in ("--data", str(folder))),
        ]
        self.processes.start(STANDIN, argv, dict(os.environ), port)
        wait_until(lambda: self._answers(STANDIN, f"http://127.0.0.1:{port}/__standin__/effects"), STANDIN, 30)

    def await_ready(self, service: str) -> None:
        """Wait until a service is ready; raises NotRunning with the end of its log, or TimeoutError."""
        wait_until(
            lambda: self._answers(service, f"{self.home.url(service)}/ready"), f"{service} ready", READY_WITHIN_S
        )

    def _answers(self, name: str, url: str) -> bool:
        self.processes.require(name)
        try:
            return httpx.get(url, timeout=2).status_code == 200
        except httpx.TransportError:
            return False
