"""C2SP signed notes and checkpoints: who signed which root of how many entries."""

import base64
from hashlib import sha256

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ED25519 = 1


def raw_public(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public key."""
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def key_id(name: str, public: bytes) -> bytes:
    """Four bytes that name a key in a signature line."""
    return sha256(name.encode() + b"\n" + bytes([ED25519]) + public).digest()[:4]


def verifier_key(name: str, key: Ed25519PrivateKey) -> str:
    """``<name>+<id>+<base64>``: what an auditor needs to check signatures."""
    public = raw_public(key)
    return f"{name}+{key_id(name, public).hex()}+{base64.b64encode(bytes([ED25519]) + public).decode()}"


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """The body of a checkpoint."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def sign(text: str, name: str, key: Ed25519PrivateKey) -> bytes:
    """``text`` as a signed note: the text, an empty line and the signature line."""
    signature = base64.b64encode(key_id(name, raw_public(key)) + key.sign(text.encode())).decode()
    return f"{text}\n— {name} {signature}\n".encode()


def parse_checkpoint(note: bytes) -> tuple[str, int, bytes]:
    """(origin, size, root) of a checkpoint, signature aside; raises ValueError."""
    origin, size, root = note.decode().split("\n", 3)[:3]
    return origin, int(size), base64.b64decode(root, validate=True)
