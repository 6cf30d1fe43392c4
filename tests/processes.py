"""Starts the project's stand-ins as processes of their own, waits until they answer, stops them by their own pid."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
_POLL_S = 0.02


def wait_until(condition: Callable[[], bool], *, within_s: float, what: str) -> None:
    """Returns once ``condition`` holds; TimeoutError names ``what`` when it does not in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {within_s} s")
        time.sleep(_POLL_S)


@dataclass
class SalesforceStandin:
    """A running stand-in: ``base_url`` for clients, and what only a test may ask of it."""

    base_url: str
    pid: int
    process: subprocess.Popen[str]
    command: list[str]
    client_id: str = "revloop-demo"
    client_secret: str = "revloop-demo-secret"

    def stop(self) -> None:
        """Ends it in order and waits for the end."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it at once, as a crash would, and waits for the end."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(timeout=20)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def restarted(self) -> "SalesforceStandin":
        """A new process on the same state and the same port."""
        port = self.base_url.rsplit(":", 1)[1]
        return _started([*self.command, "--port", port])

    def effects(self) -> list[dict[str, object]]:
        """Every accepted write so far, in order."""
        found: list[dict[str, object]] = (
            httpx.get(f"{self.base_url}/__standin__/effects").raise_for_status().json()["effects"]
        )
        return found

    def order(self, kind: str, **fault: object) -> None:
        """The next fitting request goes wrong in this way."""
        httpx.post(f"{self.base_url}/__standin__/faults", json={"kind": kind, **fault}).raise_for_status()

    def faults_left(self) -> int:
        """How many orders still wait for a request."""
        left: list[object] = self._faults()["faults"]
        return len(left)

    def faults_carried_out(self) -> int:
        """How many requests have gone wrong as ordered, to their end."""
        done: int = self._faults()["carried_out"]
        return done

    def _faults(self) -> Any:
        return httpx.get(f"{self.base_url}/__standin__/faults").raise_for_status().json()

    def clear_faults(self) -> None:
        """Forgets all orders."""
        httpx.delete(f"{self.base_url}/__standin__/faults").raise_for_status()

    def edit(self, object_name: str, record_id: str, **fields: object) -> dict[str, object]:
        """Edits a record as a person would; the record afterwards."""
        body = {"object": object_name, "id": record_id, "fields": fields}
        shown: dict[str, object] = httpx.post(f"{self.base_url}/__standin__/edit", json=body).raise_for_status().json()
        return shown

    def end_sessions(self) -> None:
        """All tokens given so far are refused from now on."""
        httpx.delete(f"{self.base_url}/__standin__/tokens").raise_for_status()


def start_standin_salesforce(state: Path, **flags: object) -> SalesforceStandin:
    """A stand-in on a free loopback port with its records under ``state``; flags as on its command line.

    ``data=FILE, now="2018-03-02T00:00:00Z", etags="all"`` and so on; an underscore stands for a dash.
    """
    command = [sys.executable, "-m", "standins.salesforce", "--state", str(state)]
    for name, value in flags.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    return _started(command)


def _started(command: list[str]) -> SalesforceStandin:
    port = [] if "--port" in command else ["--port", "0"]
    process = subprocess.Popen([*command, *port], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if process.stdout is None:
        raise RuntimeError("the stand-in was started without a pipe to read its address from")
    line = process.stdout.readline()
    if not line:
        process.stdout.close()
        raise RuntimeError(f"the stand-in did not start (exit code {process.wait(timeout=20)}); its error is above")
    standin = SalesforceStandin(json.loads(line)["base_url"], process.pid, process, command)
    try:
        wait_until(lambda: _answers(standin.base_url), within_s=20, what=f"an answer of {standin.base_url}")
    except TimeoutError:
        standin.kill()
        raise
    return standin


def _answers(base_url: str) -> bool:
    try:
        return httpx.get(f"{base_url}/__standin__/health", timeout=2).is_success
    except httpx.TransportError:
        return False
