"""Logs for the tests of proofs, and every way to damage one."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from revloop.proof.notes import COSIGNATURE, Ed25519Signer
from revloop.proof.writer import LogWriter

ORIGIN = "revloop/test"
SIGNER = Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
VKEY = SIGNER.key.vkey
WITNESS = Ed25519Signer("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))), COSIGNATURE)
STRANGER = Ed25519Signer("stranger.example", Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34))))


def entry(number: int) -> bytes:
    """The entry with this number."""
    return b'{"id":"led_%d"}' % number


def entries(start: int, end: int) -> list[bytes]:
    """Entries from ``start`` to below ``end``."""
    return [entry(number) for number in range(start, end)]


def opened(directory: Path, known_size: int = 0) -> LogWriter:
    """A writer on the test log in ``directory``."""
    return LogWriter.open(directory, ORIGIN, SIGNER, known_size)


def write_log(directory: Path, size: int, batch: int = 300) -> None:
    """A log of ``size`` entries, published batch by batch."""
    with opened(directory) as log:
        for start in range(0, size, batch):
            log.append(entries(start, min(start + batch, size)))
            log.publish()


def files_of(directory: Path) -> dict[str, bytes]:
    """Every file of a log, by name."""
    found = sorted(path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in found}


Damage = Callable[[random.Random, bytes], bytes]


def flip(dice: random.Random, data: bytes) -> bytes:
    """One bit is another."""
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]


def cut(dice: random.Random, data: bytes) -> bytes:
    """The end is missing."""
    return data[: dice.randrange(len(data))]


def behead(dice: random.Random, data: bytes) -> bytes:
    """The beginning is missing."""
    return data[dice.randrange(1, len(data) + 1) :]


def grow(dice: random.Random, data: bytes) -> bytes:
    """Something was added at the end."""
    return data + dice.randbytes(dice.randrange(1, 40))


def insert(dice: random.Random, data: bytes) -> bytes:
    """Something was added in the middle."""
    at = dice.randrange(len(data))
    return data[:at] + dice.randbytes(dice.choice([1, 2, 32])) + data[at:]


def swap(dice: random.Random, data: bytes) -> bytes:
    """Two stretches changed places."""
    size = dice.choice([8, 16, 32])
    parts = [data[n : n + size] for n in range(0, len(data), size)]
    first, second = dice.randrange(len(parts)), dice.randrange(len(parts))
    parts[first], parts[second] = parts[second], parts[first]
    return b"".join(parts)


def repeat(dice: random.Random, data: bytes) -> bytes:
    """A stretch was written over by the one before it."""
    at, size = dice.randrange(len(data)), dice.choice([1, 18, 32])
    return (data[:at] + data[max(0, at - size) : at] + data[at + size :])[: len(data)]


def blank(dice: random.Random, data: bytes) -> bytes:
    """A stretch is all zeros."""
    at = dice.randrange(len(data))
    size = min(dice.randrange(1, 64), len(data) - at)
    return data[:at] + bytes(size) + data[at + size :]


def empty(_: random.Random, __: bytes) -> bytes:
    """Nothing is left."""
    return b""


DAMAGES: tuple[Damage, ...] = (flip, flip, flip, cut, behead, grow, insert, swap, repeat, blank, empty)


def damaged(dice: random.Random, data: bytes) -> bytes:
    """``data`` after one damage that changed it."""
    bad = data
    while bad == data:
        bad = dice.choice(DAMAGES)(dice, data)
    return bad


@contextmanager
def replaced(path: Path, data: bytes | None) -> Iterator[None]:
    """``path`` holds ``data`` for a while, or is gone."""
    sound = path.read_bytes()
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)
    try:
        yield
    finally:
        path.write_bytes(sound)
