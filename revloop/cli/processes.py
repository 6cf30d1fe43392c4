"""Processes of one home: started with their output in a log file, known by pid and birth, stopped in order."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import psutil

from revloop.contracts.failures import RevloopError


class NotRunning(RevloopError):
    """A process ended or never became ready; the message names its log."""


class Record(msgspec.Struct, frozen=True):
    """What is written about a started process; ``born`` tells it from another one that got its pid later."""

    name: str
    pid: int
    born: float
    port: int


class Processes:
    """The run/ and logs/ folders of one home."""

    def __init__(self, home: Path) -> None:
        self._run = home / "run"
        self._logs = home / "logs"

    def start(self, name: str, argv: Sequence[str], env: Mapping[str, str], port: int) -> Record:
        """Start a process unless it runs already; its own session, so that a terminal's Ctrl-C does not reach it."""
        if (known := self.find(name)) is not None:
            return known
        self._run.mkdir(parents=True, exist_ok=True)
        self._logs.mkdir(parents=True, exist_ok=True)
        with self.log(name).open("ab") as log:
            child = subprocess.Popen(  # noqa: S603 - our own command line
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **env},
                start_new_session=True,
            )
        record = Record(name=name, pid=child.pid, born=psutil.Process(child.pid).create_time(), port=port)
        (self._run / f"{name}.json").write_bytes(msgspec.json.encode(record))
        return record

    def log(self, name: str) -> Path:
        """The log file of a process."""
        return self._logs / f"{name}.log"

    def find(self, name: str) -> Record | None:
        """The process if it runs."""
        path = self._run / f"{name}.json"
        if not path.exists():
            return None
        record = msgspec.json.decode(path.read_bytes(), type=Record)
        return record if _process(record) is not None else None

    def known(self) -> list[str]:
        """Names of processes that were started and not stopped, in order of start."""
        paths = sorted(self._run.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        return [path.stem for path in paths]

    def stop(self, *names: str, patience_s: float = 30.0) -> list[str]:
        """Ask processes to end together, insist after ``patience_s``; gives those that ran."""
        ending: dict[str, psutil.Process] = {}
        for name in names:
            record = self.find(name)
            (self._run / f"{name}.json").unlink(missing_ok=True)
            if record is not None and (process := _process(record)) is not None:
                process.send_signal(signal.SIGTERM)
                ending[name] = process
        _, alive = psutil.wait_procs(list(ending.values()), timeout=patience_s)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=patience_s)
        return list(ending)

    def kill(self, name: str) -> None:
        """End it at once, as a crash would."""
        record = self.find(name)
        if record is not None and (process := _process(record)) is not None:
            process.kill()
            process.wait(10)

    def memory_bytes(self, name: str) -> int:
        """Resident memory of a process, 0 when it does not run."""
        record = self.find(name)
        process = _process(record) if record else None
        return int(process.memory_info().rss) if process else 0

    def require(self, name: str) -> None:
        """Raise NotRunning, with the end of its log, unless it runs."""
        if self.find(name) is None:
            raise NotRunning(f"{name} ended. The last lines of {self.log(name)}:\n{self._tail(name)}")

    def _tail(self, name: str) -> str:
        path = self.log(name)
        return "\n".join(path.read_text(errors="replace").splitlines()[-15:]) if path.exists() else "(no log)"


def _process(record: Record) -> psutil.Process | None:
    try:
        process = psutil.Process(record.pid)
        same = process.create_time() == record.born and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return None
    return process if same else None


def wait_until(ready: Callable[[], bool], what: str, timeout_s: float) -> None:
    """Look at ``ready`` until it holds; raises TimeoutError naming ``what``."""
    deadline = time.monotonic() + timeout_s
    pause = 0.05
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout_s:.0f} s")
        time.sleep(pause)  # polling with a deadline: other processes cannot wake this one
        pause = min(0.5, pause * 1.5)
