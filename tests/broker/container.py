"""A broker from the Apache image, for machines with Docker; not yet run here."""

from collections.abc import Iterator
from contextlib import contextmanager

import docker  # type: ignore[import-untyped]  # the package has no types
import pytest
from confluent_kafka.admin import AdminClient
from docker.errors import DockerException  # type: ignore[import-untyped]  # the package has no types
from testcontainers.core.container import DockerContainer

from revloop.kafka.jars import VERSION
from revloop.kafka.local import BROKER, free_port_pair


def docker_answers() -> bool:
    """Whether a Docker daemon takes orders on this machine."""
    try:
        client = docker.from_env()
    except DockerException:
        return False
    client.close()
    return True


@contextmanager
def broker_in_docker() -> Iterator[str]:
    """Bootstrap servers of a container with the local broker's settings; skips where Docker does not answer."""
    if not docker_answers():
        pytest.skip("REVLOOP_TEST_BROKER=docker, and no Docker answers on this machine")
    port = free_port_pair()
    settings = {
        **BROKER,
        "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.quorum.voters": "1@localhost:9093",
    }
    container = DockerContainer(f"apache/kafka:{VERSION}").with_bind_ports("9092/tcp", port)
    for name, value in settings.items():
        container.with_env(f"KAFKA_{name.upper().replace('.', '_')}", value)
    with container:
        AdminClient({"bootstrap.servers": f"127.0.0.1:{port}"}).list_topics(timeout=60)
        yield f"127.0.0.1:{port}"
