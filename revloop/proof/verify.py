"""The independent verifier: checks a log's folder or a proof file, names each fault, shares no code with the writer.

It stands alone: this file and the ``cryptography`` package are all an auditor needs.
``python verify.py LOG_FOLDER --key VKEY_FILE [--old CHECKPOINT_FILE]``, or
``python verify.py --proof FILE --entry FILE --key VKEY_FILE``; ``--witness VKEY_FILE`` demands a cosignature too.
"""

import argparse
import base64
import binascii
import hashlib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH, HASH = 256, 32
LOG_KEY, WITNESS_KEY = 1, 4
CHECKPOINT = "checkpoint"
PROOF_HEADER = "c2sp.org/tlog-proof@v1"
MAX_FILE_BYTES = WIDTH * (2 + 65_535)
MAX_FINDINGS = 1_000
TILE = re.compile(r"tile/(entries|0|[1-9]|[1-5]\d|6[0-3])/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)


class Finding(NamedTuple):
    """One thing that is wrong, and the file it is in."""

    file: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


@dataclass
class Report:
    """What was checked and everything that is wrong."""

    size: int = 0
    root: bytes = b""
    findings: list[Finding] = field(default_factory=list)
    unexpected: list[Finding] = field(default_factory=list)
    """Files that the checkpoint does not cover, neither wrong nor vouched for, such as tiles yet to be signed."""
    notes: list[str] = field(default_factory=list)
    """What was left unchecked on purpose."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def faults(self) -> list[str]:
        """The findings, a line each."""
        return [str(finding) for finding in self.findings]


class Refused(Exception):
    """A finding that ends the check of a file."""

    def __init__(self, file: str, what: str) -> None:
        self.finding = Finding(file, what)


class Key(NamedTuple):
    """A verifier key: ``<name>+<id>+<base64>``."""

    name: str
    id: bytes
    kind: int
    public: bytes


def parse_key(text: str, kind: int = LOG_KEY) -> Key:
    """Read a verifier key of a log, or of a witness; raises Refused."""
    name, _, rest = text.strip().partition("+")
    identity, _, encoded = rest.partition("+")
    data = _unbase64(encoded, "key")
    expected = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if len(data) != 33 or data[0] != kind or identity != expected.hex():
        raise Refused("key", f"not an Ed25519 key of kind {kind} with the id of its bytes")
    return Key(name, expected, kind, data[1:])


def open_checkpoint(note: bytes, vkey: str, witnesses: Sequence[str] = (), file: str = CHECKPOINT) -> Report:
    """Size and root of a checkpoint that the log and every witness signed; raises Refused."""
    log = parse_key(vkey)
    body, lines = _split_note(note, file)
    strangers = _check_signatures(body, lines, [log, *(parse_key(key, WITNESS_KEY) for key in witnesses)], file)
    origin, *rest = body.split("\n")
    if len(rest) != 3 or origin != log.name:
        raise Refused(file, f"its text is not origin {log.name}, size and root")
    root = _unbase64(rest[1], file)
    if len(root) != HASH:
        raise Refused(file, f"its root is not {HASH} bytes")
    notes = [f"{file}: the signature of {name} is not checked, its key is unknown" for name in strangers]
    return Report(_number(rest[0], file), root, notes=notes)


def _split_note(note: bytes, file: str) -> tuple[str, list[str]]:
    """Text and signature lines."""
    text = _text(note, file)
    body, separator, signatures = text.rpartition("\n\n")
    if not separator or not signatures.endswith("\n") or any(char < " " and char != "\n" for char in text):
        raise Refused(file, "not a note: a text, an empty line and signature lines, no control characters")
    return body + "\n", signatures[:-1].split("\n")


def _check_signatures(body: str, lines: Sequence[str], keys: Sequence[Key], file: str) -> list[str]:
    """Every key must have signed, once; gives the names of those whose key is not known here."""
    wanted = {(key.name, key.id): key for key in keys}
    strangers: list[str] = []
    for line in lines:
        name, identity, signature = _parse_signature(line, file)
        if key := wanted.pop((name, identity), None):
            _check_signature(body.encode(), signature, key, file)
        elif any((key.name, key.id) == (name, identity) for key in keys):
            raise Refused(file, f"two signatures of {name}")
        else:
            strangers.append(f"{name} ({identity.hex()})")
    if wanted:
        missing = " and ".join(f"{key.name} ({key.id.hex()})" for key in wanted.values())
        raise Refused(file, f"not signed by {missing}; of unknown keys: {', '.join(strangers) or 'none'}")
    return strangers


def _parse_signature(line: str, file: str) -> tuple[str, bytes, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—" or "+" in parts[1] or parts[1].split() != [parts[1]]:
        raise Refused(file, "a signature line is malformed")
    data = _unbase64(parts[2], file)
    return parts[1], data[:4], data[4:]


def _check_signature(message: bytes, signature: bytes, key: Key, file: str) -> None:
    if key.kind == WITNESS_KEY:
        timestamp, signature = int.from_bytes(signature[:8], "big"), signature[8:]
        message = f"cosignature/v1\ntime {timestamp}\n".encode() + message
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature as error:
        raise Refused(file, f"the signature of {key.name} does not fit the text") from error


def verify_log(directory: Path, vkey: str, witnesses: Sequence[str] = ()) -> Report:
    """Check every entry, tile and signature of a log as of its checkpoint; holds one tile a level."""
    try:
        report = open_checkpoint(_read(directory, CHECKPOINT), vkey, witnesses)
    except Refused as refused:
        return Report(findings=[refused.finding])
    log = _Log(directory, report)
    log.check()
    log.check_files()
    return report


def verify_consistency(
    old_checkpoint: bytes, directory: Path, vkey: str, witnesses: Sequence[str] = (), name: str = "old checkpoint"
) -> Report:
    """Check the log, and that the tree of an earlier signed checkpoint is the beginning of its tree."""
    report = verify_log(directory, vkey, witnesses)
    if report.ok:
        try:
            old = open_checkpoint(old_checkpoint, vkey, file=name)
            if old.size > report.size:
                raise Refused(CHECKPOINT, f"has {report.size} entries, {name} had {old.size}: the end was cut off")
            if _Log(directory, report).root_of(old.size) != old.root:
                raise Refused(CHECKPOINT, f"its first {old.size} entries are not those of {name}: rewritten")
        except Refused as refused:
            report.findings.append(refused.finding)
    return report


class _Row(NamedTuple):
    """What lies below one tile: the hash of each child as computed from it, None where unknown, and its files."""

    hashes: list[bytes | None]
    files: list[tuple[str, ...]]


class _Tile(NamedTuple):
    """A tile as stored (nothing when it cannot be read), and what lies below it."""

    level: int
    number: int
    row: _Row
    file: str
    stored: list[bytes]

    def wrong(self) -> list[int]:
        """Places at which the tile differs from what lies below it."""
        pairs = zip(self.row.hashes, self.stored, strict=False)
        return [place for place, (ours, theirs) in enumerate(pairs) if ours not in (None, theirs)]

    def choices(self) -> list[list[bytes]]:
        """What the hashes of this tile may be: as stored, and as what lies below has it."""
        known = [node for node in self.row.hashes if node is not None]
        whole = len(known) == len(self.row.hashes) and known != self.stored
        return [hashes for hashes in (self.stored, known if whole else []) if hashes]


class _Log:
    """One pass over a log, from its entries upward. Where two files disagree, what is above tells which is wrong."""

    def __init__(self, folder: Path, report: Report) -> None:
        self._folder = folder
        self._report = report
        self._rows: dict[int, _Row] = {}
        self._edges: list[_Tile] = []

    def check(self) -> None:
        """Entries against tiles, tiles against the tiles above, and the last ones against the signed root."""
        for index in range(-(-self._report.size // WIDTH)):
            width = self._width(0, index)
            file, entries = self._try("entries", index, width)
            leaves = [hashlib.sha256(b"\0" + entry).digest() for entry in entries]
            self._check_tile(0, index, _Row([*leaves] or [None] * width, [(file,)] * width))
            if len(self._report.findings) >= MAX_FINDINGS:
                self._found(CHECKPOINT, f"the check ended after {MAX_FINDINGS} findings, at entry {index * WIDTH}")
                return
        for level, row in sorted(self._rows.items()):
            self._check_tile(level, (self._report.size >> 8 * level) // WIDTH, row)
        self._check_root()

    def _found(self, file: str, what: str) -> None:
        self._report.findings.append(Finding(file, what))

    def _check_tile(self, level: int, index: int, row: _Row) -> None:
        tile = _Tile(level, index, row, *self._try(str(level), index, len(row.hashes)))
        if len(row.hashes) < WIDTH:
            self._edges.append(tile)  # no tile above covers it, the signed root does
            return
        root, files = self._judge(tile)
        above = self._rows.setdefault(level + 1, _Row([], []))
        above.hashes.append(root)
        above.files.append(files)
        if len(above.hashes) == WIDTH:
            self._check_tile(level + 1, index // WIDTH, self._rows.pop(level + 1))

    def _judge(self, tile: _Tile) -> tuple[bytes | None, tuple[str, ...]]:
        """Name what is wrong in a full tile and below it; gives the tile's root and the files that speak for it."""
        choices = [_root(hashes) for hashes in tile.choices()]
        wrong, above = tile.wrong(), self._peek(tile.level + 1, tile.number)
        if not wrong:
            bundles = tile.row.files[0] if tile.level == 0 and tile.row.hashes[0] else ()
            return (choices[0] if choices else None), (*bundles, tile.file) if tile.stored else bundles or (tile.file,)
        right = choices.index(above) if above in choices else None
        self._blame(tile, below=right != 1, itself=right != 0)
        return choices[right or 0], (tile.file,)

    def _blame(self, tile: _Tile, *, below: bool, itself: bool) -> None:
        wrong = tile.wrong()
        for file in sorted({file for place in wrong for file in tile.row.files[place]}) if below else ():
            at = [place for place in wrong if file in tile.row.files[place]]
            its = f"entry {_some([tile.number * WIDTH + n for n in at])}" if tile.level == 0 else "its root"
            self._found(file, f"{its} does not fit hash {_some(at)} of {tile.file}")
        if itself and wrong:
            lower = " and ".join(sorted({file for place in wrong[:2] for file in tile.row.files[place]}))
            self._found(tile.file, f"hash {_some(wrong)} of this tile of level {tile.level} does not fit {lower}")

    def _check_root(self) -> None:
        """The last tiles give the signed root, if need be with what lies below in place of a wrong one."""
        choices = [tile.choices() for tile in self._edges]
        for chosen in product(*choices):
            if _fold(chosen) == self._report.root:
                for tile, hashes in zip(self._edges, chosen, strict=True):
                    self._blame(tile, below=hashes is tile.stored, itself=hashes is not tile.stored)
                return
        for tile in self._edges:
            self._blame(tile, below=True, itself=True)
        if all(choices):
            self._found(CHECKPOINT, f"its root is not the root of the {self._report.size} entries there")

    def root_of(self, size: int) -> bytes:
        """Root of the first ``size`` entries, from the tiles; raises Refused."""
        places = [(level, *divmod(size >> 8 * level, WIDTH)) for level in range(-(-size.bit_length() // 8))]
        return _fold([self._load(str(at), n, self._width(at, n))[1][:width] for at, n, width in places if width])

    def _width(self, level: int, index: int) -> int:
        return min(WIDTH, max(0, (self._report.size >> 8 * level) - index * WIDTH))

    def _peek(self, level: int, child: int) -> bytes | None:
        """What the tile above says of a child; its own faults are named when its turn comes."""
        index, place = divmod(child, WIDTH)
        try:
            return self._load(str(level), index, self._width(level, index))[1][place]
        except Refused:
            return None

    def _try(self, level: str, index: int, width: int) -> tuple[str, list[bytes]]:
        """As ``_load``; what is refused is reported, once, and nothing comes back."""
        try:
            return self._load(level, index, width)
        except Refused as refused:
            self._report.findings += [refused.finding] if refused.finding not in self._report.findings else []
            return _tile_path(level, index, width), []

    def _load(self, level: str, index: int, width: int) -> tuple[str, list[bytes]]:
        """A tile's or bundle's file and what it holds; a writer may have removed a partial one once it had the full."""
        file, full = (_tile_path(level, index, held) for held in (width, WIDTH))
        if not (self._folder / file).exists() and (self._folder / full).is_file():
            file = full
        data, held = _read(self._folder, file), WIDTH if file == full else width
        bundle = level == "entries"
        items = list(_entries(data, file)) if bundle else [data[at : at + HASH] for at in range(0, len(data), HASH)]
        if len(items) != held or (not bundle and len(data) % HASH):
            raise Refused(file, f"its {len(data)} bytes are not {held} {'entries' if bundle else 'hashes'}")
        return file, items[:width]

    def check_files(self) -> None:
        """Partial tiles that wider ones replaced must agree with them; files that nothing covers are listed."""
        for parent, folders, names in os.walk(self._folder):
            folders.sort()
            for path in (Path(parent, name).relative_to(self._folder).as_posix() for name in sorted(names)):
                if found := _parse_path(path):
                    self._check_file(path, *found)
                elif path not in (CHECKPOINT, "vkey"):
                    self._report.unexpected.append(Finding(path, "no file of a log"))

    def _check_file(self, name: str, level: str, index: int, width: int) -> None:
        covered = self._width(0 if level == "entries" else int(level), index)
        if width > covered:
            self._report.unexpected.append(Finding(name, "the checkpoint does not cover it"))
        elif width < covered:
            (_, part), (file, whole) = self._try(level, index, width), self._try(level, index, covered)
            sound = whole and all(finding.file != file for finding in self._report.findings)
            if part and sound and part != whole[:width]:
                self._found(name, f"is not the beginning of {file}, which replaced it")


def verify_proof(proof: bytes, entry: bytes, vkey: str, witnesses: Sequence[str] = (), name: str = "proof") -> Report:
    """Check that ``entry`` is in the log whose signed checkpoint the proof carries."""
    try:
        index, path, note, extra = _parse_proof(proof, name)
        report = open_checkpoint(note, vkey, witnesses, name)
        report.notes += [f"{name}: no signature covers its extra data"] if extra else []
        leaf = hashlib.sha256(b"\0" + entry).digest()
        if index >= report.size or _climb(leaf, index, report.size, path, name) != report.root:
            raise Refused(name, f"the entry is not the one at index {index} of the log of {report.size}")
    except Refused as refused:
        return Report(findings=[refused.finding])
    return report


def _parse_proof(proof: bytes, file: str) -> tuple[int, list[bytes], bytes, bool]:
    head, separator, note = proof.partition(b"\n\n")
    lines = _text(head, file).split("\n")
    if not separator or lines.pop(0) != PROOF_HEADER:
        raise Refused(file, "not a tlog-proof of version 1")
    extra = bool(lines) and lines[0].startswith("extra ")
    if extra and not _unbase64(lines.pop(0)[6:], file):
        raise Refused(file, "its extra data is empty")
    if not lines or not lines[0].startswith("index "):
        raise Refused(file, "no index")
    path = [_unbase64(line, file) for line in lines[1:]]
    if any(len(node) != HASH for node in path):
        raise Refused(file, f"a hash of the path is not {HASH} bytes")
    return _number(lines[0][6:], file), path, note, extra


def _climb(node: bytes, index: int, size: int, path: Sequence[bytes], file: str) -> bytes:
    """The root that a path leads to (RFC 6962, section 2.1.1): its last hash is the other child of the root."""
    if (size == 1) == bool(path):
        raise Refused(file, "the path is not as long as the tree is high")
    if size == 1:
        return node
    left = 1 << (size - 1).bit_length() - 1
    if index < left:
        return _node(_climb(node, index, left, path[:-1], file), path[-1])
    return _node(path[-1], _climb(node, index - left, size - left, path[:-1], file))


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _root(hashes: Sequence[bytes]) -> bytes:
    """Merkle tree hash over at least one node."""
    while len(hashes) > 1:
        paired = [_node(hashes[n], hashes[n + 1]) for n in range(0, len(hashes) - 1, 2)]
        hashes = [*paired, hashes[-1]] if len(hashes) % 2 else paired
    return hashes[0]


def _fold(edges: Sequence[Sequence[bytes]]) -> bytes:
    """Root over the partial tiles of a tree, from the lowest level up: each stands to the right of those above it."""
    below: list[bytes] = []
    for hashes in edges:
        together = [*hashes, *below]
        below = [_root(together)] if together else []
    return below[0] if below else hashlib.sha256(b"").digest()


def _entries(bundle: bytes, file: str) -> Iterator[bytes]:
    at = number = 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if at + 2 > len(bundle) or end > len(bundle):
            raise Refused(file, f"cut short inside its entry {number}")
        yield bundle[at + 2 : end]
        at, number = end, number + 1


def _tile_path(level: str, index: int, width: int) -> str:
    text = f"{index % 1000:03d}"
    while index := index // 1000:
        text = f"x{index % 1000:03d}/{text}"
    return f"tile/{level}/{text}" + ("" if width == WIDTH else f".p/{width}")


def _parse_path(path: str) -> tuple[str, int, int] | None:
    """Level, index and width of the tile at ``path``."""
    if not (found := TILE.fullmatch(path)):
        return None
    place = found[1], int(found[2].replace("x", "").replace("/", "")), int(found[3] or WIDTH)
    return place if place[2] <= WIDTH and _tile_path(*place) == path else None


def _read(folder: Path, name: str) -> bytes:
    try:
        with (folder / name).open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise Refused(name, f"cannot be read ({error.strerror})") from error
    if len(data) > MAX_FILE_BYTES:
        raise Refused(name, f"is longer than any file of a log, {MAX_FILE_BYTES} bytes")
    return data


def _text(data: bytes, file: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Refused(file, "not UTF-8") from error


def _unbase64(text: str, file: str) -> bytes:
    """Canonical base64 only: every flipped bit must show."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(file, f"not base64: {text[:80]!r}") from error
    if base64.b64encode(data).decode() != text:
        raise Refused(file, f"not canonical base64: {text[:80]!r}")
    return data


def _number(text: str, file: str) -> int:
    if re.fullmatch(r"0|[1-9][0-9]{0,17}", text) is None:
        raise Refused(file, f"not a plain decimal number: {text[:80]!r}")
    return int(text)


def _some(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:5])) + (f" and {len(numbers) - 5} more" if len(numbers) > 5 else "")


def main() -> int:
    """Command line; exit code 0 when nothing is wrong, 1 with each fault named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, help="folder of the log")
    parser.add_argument("--key", type=Path, required=True, help="file with the log's verifier key")
    parser.add_argument("--witness", type=Path, action="append", default=[], help="file with the key of a witness")
    parser.add_argument("--old", type=Path, help="a checkpoint of the log seen earlier: it must still be its beginning")
    parser.add_argument("--proof", type=Path, help="check a proof file in place of a log")
    parser.add_argument("--entry", type=Path, help="the entry that the proof is about")
    arguments = parser.parse_args()
    if bool(arguments.folder) == bool(arguments.proof) or bool(arguments.proof) != bool(arguments.entry):
        parser.error("give the folder of a log, or --proof with --entry")
    try:
        report = _run(arguments)
    except OSError as error:
        report = Report(findings=[Finding(str(error.filename), f"cannot be read ({error.strerror})")])
    notes = (*report.notes, *(f"unexpected {finding}" for finding in report.unexpected))
    for line in (*(f"note {note}" for note in notes), *(f"FAULT {fault}" for fault in report.faults)):
        print(line, file=sys.stderr)
    print(f"{'ok' if report.ok else 'BAD'}: {report.size} entries, root {report.root.hex()}")
    return 0 if report.ok else 1


def _run(arguments: argparse.Namespace) -> Report:
    key, *witnesses = (path.read_text(errors="replace") for path in (arguments.key, *arguments.witness))
    if arguments.proof:
        proof, entry = arguments.proof.read_bytes(), arguments.entry.read_bytes()
        return verify_proof(proof, entry, key, witnesses, name=arguments.proof.name)
    if arguments.old:
        return verify_consistency(arguments.old.read_bytes(), arguments.folder, key, witnesses, str(arguments.old))
    return verify_log(arguments.folder, key, witnesses)


if __name__ == "__main__":
    sys.exit(main())
