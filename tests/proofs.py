"""Logs for the tests of proofs, and every way to damage one."""

import random
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from revloop.proof.notes import verifier_key
from revloop.proof.writer import LogWriter

ORIGIN = "revloop/test"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VKEY = verifier_key(ORIGIN, KEY)


def entry(number: int) -> bytes:
    """The entry with this number."""
    return b'{"id":"led_%d"}' % number


def write_log(directory: Path, size: int, batch: int = 300) -> LogWriter:
    """A log of ``size`` entries, appended in batches."""
    writer = LogWriter(directory, ORIGIN, KEY)
    for start in range(0, size, batch):
        writer.append([entry(number) for number in range(start, min(start + batch, size))])
    if size == 0:
        writer.append([])
    return writer


def covered_files(directory: Path, size: int) -> list[Path]:
    """Files of a log that its checkpoint covers: older partial tiles are left aside."""
    found = []
    for path in sorted(directory.rglob("*")):
        partial = path.parent.name.endswith(".p")
        widest = max((int(p.name) for p in path.parent.glob("*")), default=0) if partial else 0
        full = partial and path.parent.with_name(path.parent.name.removesuffix(".p")).exists()
        if path.is_file() and not (partial and (full or int(path.name) < widest)):
            found.append(path)
    return found


Damage = Callable[[random.Random, bytes], bytes]


def flip(dice: random.Random, data: bytes) -> bytes:
    """One bit."""
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]


def cut(dice: random.Random, data: bytes) -> bytes:
    """The end is missing."""
    return data[: dice.randrange(len(data))]


def grow(dice: random.Random, data: bytes) -> bytes:
    """Something was added."""
    return data + dice.randbytes(dice.randrange(1, 40))


def swap(dice: random.Random, data: bytes) -> bytes:
    """Two stretches changed places."""
    if len(data) < 64:
        return flip(dice, data)
    size = dice.choice([8, 16, 32])
    first, second = sorted(dice.sample(range(len(data) // size), 2))
    parts = [data[n : n + size] for n in range(0, len(data), size)]
    parts[first], parts[second] = parts[second], parts[first]
    return b"".join(parts)


DAMAGES: tuple[Damage, ...] = (flip, flip, flip, cut, grow, swap)


def damage_one(dice: random.Random, directory: Path, size: int) -> tuple[str, Callable[[], object]]:
    """Damage one covered file; gives its name and how to mend it."""
    path = dice.choice(covered_files(directory, size))
    sound = path.read_bytes()
    if dice.random() < 0.05:
        path.unlink()
    else:
        bad = sound
        while bad == sound:
            bad = dice.choice(DAMAGES)(dice, sound)
        path.write_bytes(bad)
    return path.relative_to(directory).as_posix(), lambda: path.write_bytes(sound)
