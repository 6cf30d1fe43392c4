"""Runs the real stack (broker, stand-in, services) in a home of its own for a test, and takes it down by its pids."""

import json
import os
import random
import socket
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from revloop.cli.api import Api
from revloop.cli.data import batches, feed_tenant
from revloop.cli.home import KAFKA_OFFSET, OFFSETS, SERVICES, STANDIN_OFFSET, Home
from revloop.cli.processes import wait_until
from revloop.cli.stack import Stack
from revloop.cli.walk import wait_quiet
from revloop.contracts import codec
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import Delivery, Envelope, Tick
from revloop.contracts.keys import tenant_key
from revloop.kafka.local import PORTS
from revloop.proof.verify import Report, verify_log
from revloop.replay.deliveries import events
from revloop.stage import Emit
from revloop.streams import EdgeProducer, ServiceSettings
from revloop.tenants import Registry

SECOND = 8
"""Offset of the port of a second worker."""
VENDOR_SET = frozenset({"Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"})
ROOT = Path(__file__).resolve().parents[1]
PROFILES = ROOT / "examples" / "tenants"
NYC = ROOT / "examples" / "nyc"
ITSM = ROOT / "examples" / "itsm"
CACHE = Path(os.environ.get("REVLOOP_CACHE", ROOT / ".revloop" / "cache"))
SHARED = Path(os.environ.get("REVLOOP_SHARED_DATA", ROOT.parent / "shared" / "data"))


def free_home(directory: Path) -> Home:
    """A home whose ports are all free at this moment, and are none that systems give to outgoing connections."""
    for base in random.sample(range(PORTS.start, PORTS.stop - 20, 20), 200):
        ports = [base + offset for offset in (*OFFSETS.values(), 8, 9, STANDIN_OFFSET, KAFKA_OFFSET, KAFKA_OFFSET + 1)]
        if all(_free(port) for port in ports):
            return Home(directory, base)
    raise OSError("no free range of ports on loopback")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Loop:
    """A running stack as a test sees it."""

    def __init__(self, stack: Stack, tenants: Path) -> None:
        self.stack = stack
        self.home = stack.home
        self.registry = Registry.load(tenants)
        self.tenants = tenants

    def api(self, tenant: str = "nyc", person: str = "seller") -> Api:
        """The console's API as one person."""
        return Api(self.home, tenant, person)

    def feed(self, folder: Path, tenant: str, *, until: str | None = None, limit: int | None = None) -> int:
        """Feed a delivery folder."""
        return feed_tenant(self.home, self.registry, [folder], tenant, until, limit)

    def parts(self, folder: Path, tenant: str) -> list[list[Delivery | Tick]]:
        """A delivery folder in order: each part is a delivery with the ticks up to the next one."""
        parts: list[list[Delivery | Tick]] = []
        for item in events([folder], self.registry, tenant, None):
            if isinstance(item, Delivery) or not parts:
                parts.append([])
            parts[-1].append(item)
        return parts

    def write(self, items: Sequence[Delivery | Tick]) -> None:
        """Put deliveries and ticks on their topic, as ingest would if it were there to take them."""
        producer = EdgeProducer(ServiceSettings(), codec.Codec(), {"bootstrap.servers": self.home.bootstrap})
        producer.send_emits([Emit(topics.RAW_DELIVERIES, item) for item in items])
        producer.close()

    def post(self, tenant: str, items: Sequence[Delivery | Tick]) -> None:
        """Feed items in one body, and again while ingest is away: a repeat repeats nothing."""
        (body, _), *more = batches(items)
        assert not more, "more than one body takes"
        token = (self.home.directory / "identity" / "feed.token").read_text()
        url = f"{self.home.url('ingest')}/v1/feed/{tenant}"

        def sent() -> bool:
            try:
                return (
                    httpx.post(url, content=body, headers={"authorization": f"Bearer {token}"}, timeout=60).status_code
                    == 200
                )
            except httpx.TransportError:
                return False

        wait_until(sent, "ingest taking the feed", 90)

    def signal(self, service: str, number: int) -> None:
        """Send a service a signal of the operating system."""
        record = self.stack.processes.find(service)
        assert record is not None, f"{service} does not run"
        os.kill(record.pid, number)

    def restart(self, service: str) -> None:
        """kill -9 a service and start it again."""
        self.stack.processes.kill(service)
        self.stack.start(service, self.tenants)

    def ready(self) -> None:
        """Wait until every service is ready."""
        for service in SERVICES:
            self.stack.await_ready(service)

    def rest(self, tenant: str = "nyc") -> None:
        """Wait until nothing is left to read."""
        wait_quiet(self.home, self.api(tenant))

    def status(self, service: str) -> Mapping[str, object]:
        """What a service, or its second worker (``perception-1``), says of itself."""
        url = self._second_url if service.endswith("-1") else self.home.url(service)
        found: dict[str, object] = httpx.get(f"{url}/status", timeout=5).json()
        return found

    @property
    def _second_url(self) -> str:
        return f"http://127.0.0.1:{self.home.port_base + SECOND}"

    def share(self, service: str) -> int:
        """Partitions that a worker of a stage has."""
        try:
            return sum(part["partitions"] for part in self.status(service)["parts"])  # type: ignore[attr-defined,misc]  # JSON
        except httpx.TransportError:
            return 0

    def groups(self, service: str) -> dict[str, list[str]]:
        """The topics that each consumer group of a service reads."""
        parts = self.status(service)["parts"]
        return {f"revloop-{service}-{part['name']}": part["inputs"] for part in parts}  # type: ignore[attr-defined]  # JSON

    def lag(self, groups: Mapping[str, Sequence[str]]) -> int:
        """Records that groups have not committed, by the broker: a service that stands still says nothing."""
        admin = AdminClient({"bootstrap.servers": self.home.bootstrap})
        total = 0
        for group, inputs in groups.items():
            places = [TopicPartition(topic, part) for topic in inputs for part in range(topics.PARTITIONS)]
            asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group, places)])[group].result(30)
            done = {(place.topic, place.partition): place.offset for place in asked.topic_partitions}
            ends = admin.list_offsets({place: OffsetSpec.latest() for place in places})
            for place, future in ends.items():
                total += future.result(30).offset - max(0, done[place.topic, place.partition])
        return total

    def committed(self, topic: str) -> Iterator[Envelope]:
        """Every committed event of a topic, up to its end: with what a read model would hide."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.home.bootstrap,
                "group.id": "of-the-test",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
            }
        )
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(topics.PARTITIONS)])
        ended: set[int] = set()
        while len(ended) < topics.PARTITIONS:
            for message in consumer.consume(5000, 1.0):
                if message.error():
                    ended.add(message.partition())
                else:
                    yield codec.decode(message.value())  # type: ignore[misc]  # topics hold no states
        consumer.close()

    def start_second(self, service: str) -> str:
        """Another worker of a service; gives the name of its process."""
        name = f"{service}-1"
        port = self.home.port_base + SECOND
        env = {
            **self.home.environment(service),
            "REVLOOP_PORT": str(port),
            "REVLOOP_INSTANCE": "1",
            "REVLOOP_TENANTS_DIR": str(self.tenants),
        }
        self.stack.processes.start(name, [sys.executable, "-m", f"services.{service}"], env, port)
        return name


@contextmanager
def running(directory: Path, *, tenants: Path = PROFILES, standin: Sequence[Path] = (NYC,)) -> Iterator[Loop]:
    """Everything up; everything down at the end, whatever happened."""
    stack = Stack(free_home(directory), cache=CACHE)
    try:
        stack.up(lambda _: None, standin_data=standin, tenants=tenants)
        yield Loop(stack, tenants)
    finally:
        stack.down(lambda _: None)


class Control:
    """What a test orders of the stand-in, and what it did."""

    def __init__(self, loop: Loop) -> None:
        self._base = f"http://127.0.0.1:{loop.home.standin_port}"

    def fault(self, **fault: object) -> None:
        """Let the next fitting requests go wrong."""
        httpx.post(f"{self._base}/__standin__/faults", json=fault, timeout=10).raise_for_status()

    def faults_left(self) -> int:
        """Ordered faults that still wait for their request."""
        return len(httpx.get(f"{self._base}/__standin__/faults", timeout=10).json()["faults"])

    def edit(self, target: Mapping[str, object], **fields: object) -> None:
        """Change a record as another person would."""
        order = {"object": target["object"], "id": target["object_id"], "fields": fields}
        httpx.post(f"{self._base}/__standin__/edit", json=order, timeout=10).raise_for_status()

    def written_ids(self) -> list[str]:
        """Id of the record of every accepted write."""
        return [effect["id"] for effect in httpx.get(f"{self._base}/__standin__/effects", timeout=10).json()["effects"]]

    def effects(self) -> list[tuple[str, str, str]]:
        """Every accepted write: method, object and the fields after it, in order."""
        found = httpx.get(f"{self._base}/__standin__/effects", timeout=10).json()["effects"]
        return [(e["method"], e["object"], json.dumps(_written(e["after"]), sort_keys=True)) for e in found]


def _written(fields: dict[str, object]) -> dict[str, object]:
    """Without what the vendor sets by itself on every write."""
    return {name: value for name, value in fields.items() if name not in VENDOR_SET}


def ledger_entries(loop: Loop) -> list[str]:
    """Ids of all entries in the ledger's index, sorted."""
    path = loop.home.directory / "data" / "ledger" / "0" / "index.sqlite"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return sorted(entry for (entry,) in db.execute("SELECT entry_id FROM entries"))


def verified_ledger(loop: Loop, tenant: str = "nyc") -> Report:
    """The tenant's log after every entry, tile and signature of it was checked."""
    folder = loop.home.directory / "ledger" / tenant_key(tenant)
    return verify_log(folder, (folder / "vkey").read_text())
