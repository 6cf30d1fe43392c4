"""The independent verifier: checks a log's folder or a proof file, names each fault, shares no code with the writer.

It stands alone: this file and the ``cryptography`` package are all an auditor needs.
``python verify.py LOG_FOLDER --key VKEY_FILE`` or ``python verify.py --proof FILE --entry FILE --key VKEY_FILE``.
"""

import argparse
import base64
import binascii
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH, HASH = 256, 32
PROOF_HEADER = "c2sp.org/tlog-proof@v1"


@dataclass
class Report:
    """What was checked and every fault found, each named by the file it is in."""

    size: int = 0
    root: bytes = b""
    faults: list[str] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)
    """Files the checkpoint says nothing about: a writer puts tiles down before the checkpoint that covers them."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


class Fault(Exception):
    """One thing that is wrong."""


@dataclass(frozen=True)
class Key:
    """A verifier key: ``<name>+<id>+<base64>``."""

    name: str
    id: bytes
    public: bytes


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose signature holds."""

    origin: str
    size: int
    root: bytes


def parse_key(text: str) -> Key:
    """Read a verifier key; raises Fault."""
    name, _, rest = text.strip().partition("+")
    identity, _, encoded = rest.partition("+")
    data = _unbase64(encoded, "verifier key")
    if len(data) != 33 or data[0] != 1:
        raise Fault("verifier key: not an Ed25519 key")
    expected = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if identity != expected.hex():
        raise Fault("verifier key: its id does not fit its bytes")
    return Key(name, expected, data[1:])


def open_checkpoint(note: bytes, key: Key, where: str = "checkpoint") -> Checkpoint:
    """Check the signature and read the checkpoint; raises Fault."""
    try:
        text = note.decode()
    except UnicodeDecodeError as error:
        raise Fault(f"{where}: not UTF-8") from error
    body, separator, signatures = text.rpartition("\n\n")
    if not separator:
        raise Fault(f"{where}: no empty line before the signatures")
    body += "\n"
    _check_signatures(body, signatures, key, where)
    lines = body.split("\n")
    if len(lines) != 4 or lines[0] != key.name or not lines[1].isdecimal() or str(int(lines[1])) != lines[1]:
        raise Fault(f"{where}: the body is not origin, size and root")
    root = _unbase64(lines[2], where)
    if len(root) != HASH:
        raise Fault(f"{where}: the root is not {HASH} bytes")
    return Checkpoint(lines[0], int(lines[1]), root)


def _check_signatures(body: str, signatures: str, key: Key, where: str) -> None:
    if not signatures.endswith("\n"):
        raise Fault(f"{where}: the last signature line does not end")
    seen = False
    for line in signatures[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        if dash != "—" or not name or not encoded:
            raise Fault(f"{where}: a signature line is malformed")
        data = _unbase64(encoded, where)
        if name != key.name or data[:4] != key.id:
            raise Fault(f"{where}: a signature by a key that is not known here ({name})")
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(data[4:], body.encode())
        except InvalidSignature as error:
            raise Fault(f"{where}: the signature does not hold") from error
        seen = True
    if not seen:
        raise Fault(f"{where}: no signature")


def verify_log(folder: Path, vkey: str) -> Report:
    """Check everything the checkpoint covers; what else lies there is listed apart."""
    report = Report()
    try:
        checkpoint = open_checkpoint(_read(folder, "checkpoint"), parse_key(vkey))
    except Fault as fault:
        report.faults.append(str(fault))
        return report
    report.size, report.root = checkpoint.size, checkpoint.root
    level = _check_entries(folder, checkpoint.size, report)
    tops = _check_tiles(folder, level, report)
    if not report.faults and tops != checkpoint.root:
        report.faults.append("checkpoint: its root is not the root of the entries")
    report.uncovered = _uncovered(folder, checkpoint.size)
    return report


def _check_entries(folder: Path, size: int, report: Report) -> list[bytes]:
    leaves: list[bytes] = []
    for index in range(-(-size // WIDTH)):
        width = min(WIDTH, size - index * WIDTH)
        path = f"tile/entries/{_path(index)}{_partial(width)}"
        try:
            entries = list(_entries(_read(folder, path), path))
            if len(entries) != width:
                raise Fault(f"{path}: holds {len(entries)} entries, should hold {width}")
        except Fault as fault:
            report.faults.append(str(fault))
            entries = []
        found = [_leaf(entry) for entry in entries]
        leaves += _compared(folder, 0, index, width, found, report, path)
    return leaves


def _compared(
    folder: Path, level: int, index: int, width: int, found: list[bytes], report: Report, source: str
) -> list[bytes]:
    """The tile's hashes, compared with those computed from below; a difference names where it is."""
    path = f"tile/{level}/{_path(index)}{_partial(width)}"
    try:
        tile = _read(folder, path)
        if len(tile) != width * HASH:
            raise Fault(f"{path}: has {len(tile)} bytes, should have {width * HASH}")
    except Fault as fault:
        report.faults.append(str(fault))
        return found
    stored = [tile[n : n + HASH] for n in range(0, len(tile), HASH)]
    for number, (ours, theirs) in enumerate(zip(found, stored, strict=False)):
        if ours != theirs:
            position = index * WIDTH + number
            report.faults.append(
                f"{source} and {path}: entry or node {position} does not fit its hash at level {level}"
            )
    return stored


def _check_tiles(folder: Path, hashes: list[bytes], report: Report) -> bytes:
    """Check the upper levels; gives the root over what is stored."""
    root = _root(hashes)
    level = 0
    while len(hashes) >= WIDTH:
        level += 1
        above = [_root(hashes[n : n + WIDTH]) for n in range(0, len(hashes) // WIDTH * WIDTH, WIDTH)]
        stored: list[bytes] = []
        for index in range(-(-len(above) // WIDTH)):
            part = above[index * WIDTH : (index + 1) * WIDTH]
            stored += _compared(folder, level, index, len(part), part, report, f"tile/{level - 1}")
        hashes = stored
    return root


def _uncovered(folder: Path, size: int) -> list[str]:
    """Files that the checkpoint does not cover; partial tiles that wider ones replaced may stay."""
    expected = {"checkpoint", "vkey"}
    count, level = size, 0
    names = ["entries", "0"]
    while count:
        for name in names:
            expected |= {
                f"tile/{name}/{_path(i)}{_partial(min(WIDTH, count - i * WIDTH))}" for i in range(-(-count // WIDTH))
            }
        count, level = count // WIDTH, level + 1
        names = [str(level)]
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in expected and not _outgrown(name, expected):
            found.append(name)
    return found


def _outgrown(name: str, expected: set[str]) -> bool:
    """A partial tile of which the log has a wider one now."""
    base, partial, width = name.partition(".p/")
    if not partial or not width.isdecimal() or not 0 < int(width) < WIDTH:
        return False
    wider = [int(other.partition(".p/")[2]) for other in expected if other.startswith(f"{base}.p/")]
    return base in expected or any(int(width) < other for other in wider)


def verify_proof(proof: bytes, entry: bytes, vkey: str) -> Report:
    """Check that ``entry`` is in the log whose signed checkpoint the proof carries."""
    report = Report()
    try:
        index, path, note = _parse_proof(proof)
        checkpoint = open_checkpoint(note, parse_key(vkey), "proof")
        report.size, report.root = checkpoint.size, checkpoint.root
        if _climb(_leaf(entry), index, checkpoint.size, path) != checkpoint.root:
            raise Fault("proof: the entry is not in the log at this index")
    except Fault as fault:
        report.faults.append(str(fault))
    return report


def _parse_proof(proof: bytes) -> tuple[int, list[bytes], bytes]:
    head, separator, note = proof.partition(b"\n\n")
    try:
        lines = head.decode().split("\n")
    except UnicodeDecodeError as error:
        raise Fault("proof: not UTF-8") from error
    if not separator or lines[0] != PROOF_HEADER:
        raise Fault("proof: not a tlog-proof of version 1")
    rest = lines[1:]
    if rest and rest[0].startswith("extra "):
        _unbase64(rest[0][6:], "proof")
        rest = rest[1:]
    number = rest[0].removeprefix("index ") if rest else ""
    if not rest or not rest[0].startswith("index ") or not number.isdecimal() or str(int(number)) != number:
        raise Fault("proof: no index")
    path = [_unbase64(line, "proof") for line in rest[1:]]
    if any(len(node) != HASH for node in path):
        raise Fault("proof: a hash is not 32 bytes")
    return int(number), path, note


def _climb(node: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        raise Fault("proof: the index is beyond the log")
    at, last = index, size - 1
    for sibling in path:
        if last == 0:
            raise Fault("proof: the path is too long")
        if at & 1 or at == last:
            node = _node(sibling, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = _node(node, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise Fault("proof: the path is too short")
    return node


def _leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _root(hashes: list[bytes]) -> bytes:
    """Merkle tree hash over given leaf hashes."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    while len(hashes) > 1:
        paired = [_node(hashes[n], hashes[n + 1]) for n in range(0, len(hashes) - 1, 2)]
        hashes = paired + ([hashes[-1]] if len(hashes) % 2 else [])
    return hashes[0]


def _entries(bundle: bytes, path: str) -> Iterator[bytes]:
    at = 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if at + 2 > len(bundle) or end > len(bundle):
            raise Fault(f"{path}: cut short")
        yield bundle[at + 2 : end]
        at = end


def _path(index: int) -> str:
    text = f"{index % 1000:03d}"
    while index := index // 1000:
        text = f"x{index % 1000:03d}/{text}"
    return text


def _partial(width: int) -> str:
    return "" if width == WIDTH else f".p/{width}"


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise Fault(f"{name}: cannot be read ({error.strerror})") from error


def _unbase64(text: str, where: str) -> bytes:
    """Canonical base64 only: every flipped bit must show."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Fault(f"{where}: not base64") from error
    if base64.b64encode(data).decode() != text:
        raise Fault(f"{where}: not canonical base64")
    return data


def main() -> int:
    """Command line; exit 0 when nothing is wrong, 1 with every fault named."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("folder", nargs="?", type=Path, help="folder of the log")
    parser.add_argument("--key", type=Path, required=True, help="file with the verifier key")
    parser.add_argument("--proof", type=Path, help="check a proof file in place of a log")
    parser.add_argument("--entry", type=Path, help="the entry the proof is about")
    arguments = parser.parse_args()
    key = arguments.key.read_text()
    if arguments.proof:
        report = verify_proof(arguments.proof.read_bytes(), arguments.entry.read_bytes(), key)
    else:
        report = verify_log(arguments.folder, key)
    for name in report.uncovered:
        print(f"note {name}: the checkpoint does not cover this file", file=sys.stderr)
    for fault in report.faults:
        print(f"FAULT {fault}", file=sys.stderr)
    print(f"{'ok' if report.ok else 'BAD'}: {report.size} entries, root {report.root.hex()}")
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
