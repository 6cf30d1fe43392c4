"""A webhook is in Kafka before its vendor hears 202; what Kafka did not take is 503, and never 202."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from confluent_kafka import Consumer, TopicPartition

import revloop.streams.producer
from revloop.contracts.codec import Codec
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import Delivery
from revloop.contracts.generated.topics import PARTITIONS, TOPICS
from revloop.kafka.admin import apply, specs_of
from revloop.kafka.local import LocalKafka, free_port_pair
from revloop.streams import EdgeProducer
from revloop.tenants import Registry
from services.ingest.edge import create_edge
from services.ingest.settings import Settings
from tests.loops import CACHE
from tests.unit.ingest.desk import PROFILE, issue

GIVEN_UP_AFTER_MS = 3000
READ_WAIT_S = 0.5
"""A read waits so long for more than there is."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalKafka]:
    """A broker that this test may stop."""
    made = LocalKafka(tmp_path / "kafka", free_port_pair(), CACHE)
    made.start()
    apply(specs_of([TOPICS[topics.RAW_DELIVERIES]], []), {"bootstrap.servers": made.bootstrap})
    yield made
    made.stop()


@pytest.fixture
def edge(broker: LocalKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.AsyncClient]:
    """Ingest's routes over the real producer, which gives up sooner than in earnest."""
    monkeypatch.setattr(revloop.streams.producer, "DELIVERY_TIMEOUT_MS", GIVEN_UP_AFTER_MS)
    monkeypatch.setattr(revloop.streams.producer, "CLOSE_WITHIN_S", 1.0)
    settings = Settings(home=tmp_path)
    producer = EdgeProducer(settings, Codec(), {"bootstrap.servers": broker.bootstrap, "log_level": 0})
    app = create_edge(settings, Registry([PROFILE]), producer, lambda _: 0)
    yield httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://edge")
    producer.close()


def stored(bootstrap: str) -> list[bytes]:
    """Bodies of every delivery that a reader finds at this moment."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "of-the-test", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topics.RAW_DELIVERIES, partition, 0) for partition in range(PARTITIONS)])
    found: list[bytes] = []
    ended = 0
    while ended < PARTITIONS:
        for message in consumer.consume(100, READ_WAIT_S):
            if message.error():
                ended += 1
                continue
            event = Codec().decode(message.value() or b"")
            assert isinstance(event, Delivery)
            found.append(event.body)
    consumer.close()
    return found


def test_it_is_stored_before_it_is_acknowledged(broker: LocalKafka, edge: httpx.AsyncClient) -> None:
    async def push(body: bytes) -> httpx.Response:
        return await edge.post("/v1/webhooks/t/jira", content=body, timeout=60)

    async def pushes() -> None:
        body = issue()
        assert (await push(body)).status_code == 202
        assert stored(broker.bootstrap) == [body], "acknowledged, and not in Kafka"
        broker.stop()
        refused = await push(issue(key="INC-2"))
        assert refused.status_code == 503
        assert refused.json()["detail"].startswith("not stored: ")
        assert refused.headers["retry-after"]
        broker.start()
        assert stored(broker.bootstrap) == [body], "refused, and in Kafka all the same"
        assert (await push(issue(key="INC-2"))).status_code == 202
        assert stored(broker.bootstrap)[1:] == [issue(key="INC-2")]

    asyncio.run(pushes())
