"""One broker for a whole test session, for tests that need a Kafka and no stack."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from revloop.kafka.local import LocalKafka, free_port_pair
from tests.loops import CACHE

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")  # a busy machine is no fault of what is tested
IN_DOCKER = os.environ.get("REVLOOP_TEST_BROKER", "local") == "docker"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what a broker in Docker is for, so that ``-m docker`` runs that alone."""
    for item in items:
        if IN_DOCKER and "kafka" in getattr(item, "fixturenames", ()):
            item.add_marker("docker")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap servers of a broker of this session's own; ``REVLOOP_TEST_BROKER=docker`` takes it from an image."""
    if IN_DOCKER:
        from tests.broker.container import broker_in_docker

        with broker_in_docker() as bootstrap:
            yield bootstrap
        return
    broker = LocalKafka(tmp_path_factory.mktemp("broker") / "kafka", free_port_pair(), CACHE)
    broker.start()
    yield broker.bootstrap
    broker.stop()
