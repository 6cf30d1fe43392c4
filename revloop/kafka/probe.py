"""A loopback port in, the id of the Kafka cluster that answers there out; anything else that listens is no answer."""

import socket
import struct

METADATA, VERSION, CORRELATION, NO_TOPICS, NO_AUTO_CREATE = 3, 4, 1, 0, 0
LONGEST_ANSWER_BYTES = 2**16


def cluster_id(port: int, patience_s: float = 2.0) -> str | None:
    """Id of the cluster whose broker takes requests on ``port``; None while nobody does.

    By hand, in one request: a client library would retry, keep threads and log while the broker starts.
    """
    body = struct.pack(">hhih1siB", METADATA, VERSION, CORRELATION, 1, b"r", NO_TOPICS, NO_AUTO_CREATE)
    try:
        with socket.create_connection(("127.0.0.1", port), patience_s) as link:
            link.sendall(struct.pack(">i", len(body)) + body)
            return _cluster_of(_frame(link))
    except (OSError, struct.error, UnicodeDecodeError):
        return None


def _frame(link: socket.socket) -> bytes:
    (size,) = struct.unpack(">i", _exactly(link, 4))
    if not 0 < size <= LONGEST_ANSWER_BYTES:
        raise OSError(f"{size} is no length of an answer to this request")
    return _exactly(link, size)


def _exactly(link: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = link.recv(count - len(data))
        if not chunk:
            raise OSError("the other end closed the connection")
        data += chunk
    return data


def _cluster_of(answer: bytes) -> str | None:
    correlation, _throttle, brokers = struct.unpack_from(">iii", answer)
    if correlation != CORRELATION or brokers < 1:
        return None  # a broker that is not registered yet names none
    at = 12
    for _ in range(brokers):
        _host, at = _text(answer, at + 4)  # after the broker's number
        _rack, at = _text(answer, at + 4)  # after its port
    return _text(answer, at)[0]


def _text(answer: bytes, at: int) -> tuple[str | None, int]:
    (size,) = struct.unpack_from(">h", answer, at)
    if size < 0:
        return None, at + 2
    return answer[at + 2 : at + 2 + size].decode(), at + 2 + size
