"""The probe believes a Kafka broker and nobody else."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from revloop.kafka.local import free_port_pair
from revloop.kafka.probe import cluster_id


@contextmanager
def _listener(answer: bytes) -> Iterator[int]:
    """A port whose owner reads a request, says ``answer`` to the first client and hangs up."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def serve() -> None:
            link, _ = server.accept()
            with link:
                link.recv(1024)
                link.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        thread.join(5)


def _text(value: bytes | None) -> bytes:
    return struct.pack(">h", -1) if value is None else struct.pack(">h", len(value)) + value


def _answer(brokers: int, cluster: bytes | None, rack: bytes | None = None, correlation: int = 1) -> bytes:
    broker = struct.pack(">i", 1) + _text(b"127.0.0.1") + struct.pack(">i", 9092) + _text(rack)
    body = struct.pack(">iii", correlation, 0, brokers) + broker * brokers + _text(cluster) + struct.pack(">ii", 1, 0)
    return struct.pack(">i", len(body)) + body


@pytest.mark.parametrize(("brokers", "rack"), [(1, None), (1, b"a"), (3, b"zone-b")])
def test_a_broker_names_its_cluster(brokers: int, rack: bytes | None) -> None:
    with _listener(_answer(brokers, b"mine", rack)) as port:
        assert cluster_id(port) == "mine"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0\0",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"220 mail ready\r\n",
        struct.pack(">i", 0),
        struct.pack(">i", -1),
        struct.pack(">i", 4) + b"\0\0\0\1",
        _answer(0, b"not registered yet"),
        _answer(1, b"answer to another question", correlation=2),
        _answer(1, b"cut short")[:-20],
        _answer(1, b"\xff\xfe"),
        _answer(1, None),
    ],
)
def test_anything_else_is_no_broker(answer: bytes) -> None:
    with _listener(answer) as port:
        assert cluster_id(port, patience_s=0.5) is None


def test_nobody_is_no_broker() -> None:
    assert cluster_id(free_port_pair(), patience_s=0.5) is None
