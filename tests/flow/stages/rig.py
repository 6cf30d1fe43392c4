"""Topics, input, workers and what came out of them, for one test of the kit on a real broker."""

import os
import signal
import socket
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from revloop.contracts import codec
from revloop.contracts.generated.events import DeadLetter, EntityMemory, Envelope, LedgerReceipt, Tick
from revloop.contracts.generated.topics import PARTITIONS
from revloop.contracts.keys import account_key, partition_of
from revloop.streams.states import PartitionStates
from tests.flow.stages.counting import Names
from tests.processes import wait_until

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 60.0


class Worker:
    """One worker process; ended by its own pid."""

    def __init__(self, rig: "Rig", instance: str, **settings: object) -> None:
        self.port = _free_port()
        self.log = rig.directory / f"worker-{instance}.log"
        self._seen = self.log.stat().st_size if self.log.exists() else 0
        env = {
            "KAFKA_BOOTSTRAP_SERVERS": rig.bootstrap,
            "REVLOOP_HOME": str(rig.home(instance)),
            "REVLOOP_PORT": str(self.port),
            "REVLOOP_INSTANCE": instance,
            "REVLOOP_SESSION_TIMEOUT_MS": "6000",
            "OUTAGE": str(rig.outage),
            **{name: str(value) for name, value in settings.items()},
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.flow.stages.worker", rig.names.test],
                cwd=ROOT,
                env={**os.environ, **env},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def end(self, number: signal.Signals = signal.SIGTERM, within_s: float = 40) -> int:
        """Send a signal and wait for the end; gives the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(within_s)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def get(self, path: str) -> httpx.Response | None:
        """An answer of its HTTP port, None where there is none."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/{path}", timeout=2)
        except httpx.TransportError:
            return None

    def status(self) -> Mapping[str, object]:
        """What it says of itself; empty where it does not answer."""
        found = self.get("status")
        return {} if found is None else found.json()

    def is_ready(self) -> bool:
        """Whether it says so; raises when the process ended."""
        if self.process.poll() is not None:
            raise AssertionError(f"the worker ended with {self.process.returncode}:\n{self.said()[-3000:]}")
        found = self.get("ready")
        return found is not None and found.status_code == 200

    def said(self) -> str:
        """What this process logged."""
        return self.log.read_bytes()[self._seen :].decode(errors="replace")


class Rig:
    """Everything of one test."""

    def __init__(self, bootstrap: str, directory: Path, test: str) -> None:
        self.bootstrap = bootstrap
        self.directory = directory
        self.names = Names(test)
        self.outage = directory / "outage"
        self.workers: list[Worker] = []
        self.fed: list[LedgerReceipt] = []
        self.client = {"bootstrap.servers": bootstrap}
        self._create()
        self._producer = Producer({**self.client, "acks": "all", "enable.idempotence": True, "linger.ms": 5})

    def home(self, instance: str) -> Path:
        """Home folder of one instance: each pod has a volume of its own."""
        return self.directory / f"home-{instance}"

    def _create(self) -> None:
        plain = [name for topic in self.names.topics() for name in (topic.name, topic.dead)]
        wanted = [NewTopic(name, PARTITIONS, 1) for name in plain]
        wanted.append(NewTopic(self.names.table.changelog, PARTITIONS, 1, config={"cleanup.policy": "compact"}))
        admin = AdminClient(dict(self.client))  # held by name: its futures die with it
        for future in admin.create_topics(wanted).values():
            future.result(30)

    # --- workers

    def start(self, instance: str = "0", **settings: object) -> Worker:
        """A new worker process."""
        worker = Worker(self, instance, **settings)
        self.workers.append(worker)
        return worker

    def started(self, instance: str = "0", **settings: object) -> Worker:
        """A new worker that is ready."""
        worker = self.start(instance, **settings)
        wait_until(worker.is_ready, within_s=PATIENCE_S, what="the worker being ready")
        return worker

    def close(self) -> None:
        """End what still runs."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.send(signal.SIGCONT)
                worker.end(signal.SIGKILL)

    # --- input

    def feed(self, receipts: Sequence[LedgerReceipt]) -> None:
        """Write receipts, alternately on both inputs, and wait for the acknowledgements."""
        for number, event in enumerate(receipts):
            self.write(self.names.inputs[number % 2], event)
        self.fed += receipts
        self.flush()

    def write(self, topic: str, event: LedgerReceipt) -> None:
        """One receipt on its account's partition."""
        key = account_key(event.tenant_id, event.account_id)
        self.raw(topic, partition_of(key, PARTITIONS), key.encode(), codec.encode(event))

    def tick(self, event: Tick) -> None:
        """A tick on every partition of the left input."""
        for partition in range(PARTITIONS):
            self.raw(self.names.inputs[0], partition, b"wall", codec.encode(event))
        self.flush()

    def raw(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> None:
        """Any bytes."""
        while True:
            try:
                self._producer.produce(topic, value, key, partition)
            except BufferError:
                self._producer.poll(0.1)
            else:
                return

    def flush(self) -> None:
        """Wait for the acknowledgements."""
        assert self._producer.flush(60) == 0

    # --- output

    def read(self, topic: str) -> Iterator[Message]:
        """Every committed record of a topic, up to its end."""
        consumer = Consumer(
            {
                **self.client,
                "group.id": "of-the-test",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 20,
            }
        )
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
        ended: set[int] = set()
        while len(ended) < PARTITIONS:
            for message in consumer.consume(5000, 1.0):
                if message.error():
                    ended.add(message.partition())
                else:
                    yield message
        consumer.close()

    def events(self, topic: str) -> list[Envelope]:
        """Every committed event of a topic."""
        return [codec.decode(message.value()) for message in self.read(topic)]

    def dead(self, topic: str) -> list[DeadLetter]:
        """The dead letters of a topic."""
        return [event for event in self.events(f"{topic}.dead") if isinstance(event, DeadLetter)]

    def said(self, kind: str) -> list[LedgerReceipt]:
        """What the core said."""
        return [e for e in self.events(self.names.output) if isinstance(e, LedgerReceipt) and e.kind == kind]

    def lag(self) -> int:
        """Input records whose handling is not committed, by the broker's word."""
        group = f"revloop-{self.names.test}-counts"
        consumer = Consumer({**self.client, "group.id": group, "enable.auto.commit": False})
        places = [TopicPartition(topic, p) for topic in self.names.inputs for p in range(PARTITIONS)]
        ends = sum(consumer.get_watermark_offsets(place, 30)[1] for place in places)
        done = sum(max(place.offset, 0) for place in consumer.committed(places, 30))
        consumer.close()
        return ends - done

    def settle(self, within_s: float = PATIENCE_S) -> None:
        """Wait until all input is handled and committed."""
        wait_until(lambda: self.lag() == 0, within_s=within_s, what="the input being handled")

    # --- the gates

    def assert_counted_once(self) -> None:
        """Each receipt was counted once, in unbroken rows; what timers told adds up to it."""
        counted = self.said("counted")
        assert sorted(e.subject_id for e in counted) == sorted(e.event_id for e in self.fed)
        rows: dict[str, list[int]] = defaultdict(list)
        for event in counted:
            rows[event.account_id].append(event.index)
        assert all(row == list(range(1, len(row) + 1)) for row in rows.values())
        told: dict[str, int] = defaultdict(int)
        for event in self.said("told"):
            told[event.account_id] += event.index
        assert told == {account: len(row) for account, row in rows.items()}

    def changelog(self) -> dict[int, dict[bytes, bytes]]:
        """What the changelog's records come to, by partition."""
        found: dict[int, dict[bytes, bytes]] = {partition: {} for partition in range(PARTITIONS)}
        for message in self.read(self.names.table.changelog):
            states = found[message.partition()]
            if message.value() is None:
                states.pop(message.key(), None)
            else:
                states[message.key()] = message.value()
        return found

    def store(self, instance: str) -> dict[int, dict[bytes, bytes]]:
        """What an ended worker's local store holds, by partition."""
        found = {}
        folder = self.home(instance) / "data" / self.names.test / instance / "state" / "counts"
        for path in sorted(folder.glob("p*")):
            states = PartitionStates(path)
            found[int(path.name[1:])] = {key.encode(): codec.encode(state) for key, state in states.committed_items()}
            states.close()
        return found

    def counts(self) -> dict[str, int]:
        """The count of each account in the changelog."""
        states = [codec.decode(value) for part in self.changelog().values() for value in part.values()]
        return {s.account_id: s.counters["count"] for s in states if isinstance(s, EntityMemory)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
