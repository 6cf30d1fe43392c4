"""C2SP signed notes, checkpoints and cosignatures: text and keys come in, notes go out; any second form is refused."""

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from revloop.proof.errors import BadNote
from revloop.proof.hashes import HASH_BYTES

ED25519 = 1
"""Kind of a key that signs notes."""
COSIGNATURE = 4
"""Kind of a witness's key: it signs a checkpoint together with the time."""

KEY_BYTES = 32
SIGNATURE_BYTES = 64
KEY_ID_BYTES = 4
TIMESTAMP_BYTES = 8
MAX_SIZE = (1 << 63) - 1


def check_name(name: str) -> str:
    """The name of a key or an origin; raises BadNote for one that no signature line can hold."""
    if not name or "+" in name or any(char.isspace() or not char.isprintable() for char in name):
        raise BadNote(f"{name!r} names no key: use letters, digits and punctuation without spaces or a plus sign")
    return name


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and the name it signs under."""

    name: str
    public: bytes
    kind: int = ED25519

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != KEY_BYTES or self.kind not in (ED25519, COSIGNATURE):
            raise BadNote(f"the key of {self.name} is no Ed25519 key: {KEY_BYTES} bytes of kind 1 or 4 are wanted")

    @property
    def id(self) -> bytes:
        """Four bytes that name the key in a signature line."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:KEY_ID_BYTES]

    @property
    def vkey(self) -> str:
        """``<name>+<id>+<base64>``: what an auditor needs to check signatures."""
        return f"{self.name}+{self.id.hex()}+{encode_base64(bytes([self.kind]) + self.public)}"

    def verify(self, message: bytes, signature: bytes) -> None:
        """Check a raw signature; raises BadNote."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature as error:
            raise BadNote(f"the signature of {self.name} does not fit: text or signature was changed") from error


def parse_vkey(text: str) -> VerifierKey:
    """Read ``<name>+<id>+<base64>``; raises BadNote."""
    parts = text.strip("\n").split("+", 2)
    if len(parts) != 3:
        raise BadNote("a verifier key reads <name>+<id>+<base64>")
    data = decode_base64(parts[2], "the verifier key")
    key = VerifierKey(parts[0], data[1:], data[0] if data else 0)
    if key.id.hex() != parts[1]:
        raise BadNote(f"the key of {key.name} has the id {key.id.hex()}, not {parts[1]}: take the key from its source")
    return key


class Signer(Protocol):
    """Whatever can sign: a key in memory, or one in a vault that gives out signatures only."""

    @property
    def key(self) -> VerifierKey:
        """The public half."""

    def sign(self, message: bytes) -> bytes:
        """Raw Ed25519 signature, 64 bytes."""


class Ed25519Signer:
    """A private key in memory, with the name that it signs under."""

    def __init__(self, name: str, private: Ed25519PrivateKey, kind: int = ED25519) -> None:
        raw = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self._private = private
        self.key = VerifierKey(name, raw, kind)

    def sign(self, message: bytes) -> bytes:
        """Raw Ed25519 signature, 64 bytes."""
        return self._private.sign(message)


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One line below a note; ``data`` is all behind the key id."""

    name: str
    key_id: bytes
    data: bytes

    @property
    def text(self) -> str:
        """The line, without its end."""
        return f"— {self.name} {encode_base64(self.key_id + self.data)}"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends in a newline, and the signatures below it; none of them is checked yet."""

    text: str
    lines: tuple[SignatureLine, ...]

    def encode(self) -> bytes:
        """The note as it is published."""
        return (self.text + "\n" + "".join(f"{line.text}\n" for line in self.lines)).encode()

    def verify(self, key: VerifierKey) -> None:
        """Check every signature of ``key``, at least one; raises BadNote."""
        mine = [line for line in self.lines if (line.name, line.key_id) == (key.name, key.id)]
        if not mine:
            raise BadNote(f"not signed by {key.name} ({key.id.hex()}): take the key that belongs to this log")
        for line in mine:
            if key.kind == COSIGNATURE:
                cosignature = parse_cosignature(line)
                key.verify(_cosigned(self.text, cosignature.timestamp_s), cosignature.signature)
            else:
                key.verify(self.text.encode(), line.data)


def parse_note(note: bytes) -> Note:
    """Read a signed note, checking its form and no signature; raises BadNote."""
    try:
        decoded = note.decode()
    except UnicodeDecodeError as error:
        raise BadNote("the note is not UTF-8") from error
    if any(char < " " and char != "\n" for char in decoded):
        raise BadNote("the note holds a control character")
    text, separator, signatures = decoded.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise BadNote("a note is a text, an empty line and signature lines, each with its end")
    return Note(text + "\n", tuple(_parse_line(line) for line in signatures[:-1].split("\n")))


def _parse_line(line: str) -> SignatureLine:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—":
        raise BadNote("a signature line reads: — <name> <base64>")
    data = decode_base64(parts[2], f"the signature of {check_name(parts[1])}")
    if len(data) <= KEY_ID_BYTES:
        raise BadNote(f"the signature of {parts[1]} is cut short")
    return SignatureLine(parts[1], data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def sign_note(text: str, *signers: Signer) -> Note:
    """``text``, which ends in a newline, signed by each of ``signers``; raises BadNote for a text no note can hold."""
    lines = [SignatureLine(signer.key.name, signer.key.id, signer.sign(text.encode())) for signer in signers]
    note = Note(text, tuple(lines))
    if parse_note(note.encode()) != note:
        raise BadNote("the text of a note ends in one newline")
    return note


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The root of the first ``size`` entries of the log named ``origin``."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint, which has three lines: extensions are refused; raises BadNote."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise BadNote("a checkpoint has three lines: origin, size and root")
    origin, number, encoded = lines[:3]
    root = decode_base64(encoded, "the root")
    if len(root) != HASH_BYTES:
        raise BadNote(f"the root has {len(root)} bytes, not {HASH_BYTES}")
    return Checkpoint(check_name(origin), parse_number(number, "the size"), root)


def open_checkpoint(note: bytes, key: VerifierKey) -> Checkpoint:
    """Read a checkpoint whose signature by ``key``, a log's key, holds; raises BadNote."""
    parsed = parse_note(note)
    parsed.verify(key)
    checkpoint = parse_checkpoint(parsed.text)
    if checkpoint.origin != key.name:
        raise BadNote(f"the checkpoint is of {checkpoint.origin}, the key of {key.name}")
    return checkpoint


@dataclass(frozen=True, slots=True)
class Cosignature:
    """What a witness says: at this time, this was the largest tree of the log that it had seen."""

    name: str
    key_id: bytes
    timestamp_s: int
    """Seconds since the epoch, UTC."""
    signature: bytes


def parse_cosignature(line: SignatureLine) -> Cosignature:
    """Read a line as a witness's; raises BadNote when its length is another's."""
    if len(line.data) != TIMESTAMP_BYTES + SIGNATURE_BYTES:
        raise BadNote(f"the line of {line.name} is no Ed25519 cosignature")
    timestamp_s = int.from_bytes(line.data[:TIMESTAMP_BYTES], "big")
    return Cosignature(line.name, line.key_id, timestamp_s, line.data[TIMESTAMP_BYTES:])


def cosign(text: str, timestamp_s: int, signer: Signer) -> SignatureLine:
    """A witness's line for the text of a checkpoint; whoever calls has checked that the log only grew."""
    signature = signer.sign(_cosigned(text, timestamp_s))
    return SignatureLine(signer.key.name, signer.key.id, timestamp_s.to_bytes(TIMESTAMP_BYTES, "big") + signature)


def _cosigned(text: str, timestamp_s: int) -> bytes:
    return f"cosignature/v1\ntime {timestamp_s}\n{text}".encode()


def parse_number(text: str, what: str) -> int:
    """A number in its one decimal form, 0 to 2^63 - 1; raises BadNote."""
    if not (text.isascii() and text.isdecimal()) or (text[0] == "0" and text != "0") or len(text) > 19:
        raise BadNote(f"{what} is no plain decimal number")
    if (number := int(text)) > MAX_SIZE:
        raise BadNote(f"{what} is beyond 2^63 - 1")
    return number


def encode_base64(data: bytes) -> str:
    """Canonical base64."""
    return base64.b64encode(data).decode()


def decode_base64(text: str, what: str) -> bytes:
    """Bytes of canonical base64 only, so that no two texts stand for the same bytes; raises BadNote."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote(f"{what} is not base64") from error
    if encode_base64(data) != text:
        raise BadNote(f"{what} is not in canonical base64")
    return data
