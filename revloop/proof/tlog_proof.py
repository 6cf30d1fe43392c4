"""C2SP .tlog-proof files: written from a path and a checkpoint, read back, checked offline; other forms are refused."""

from collections.abc import Sequence
from dataclasses import dataclass

from revloop.proof.errors import BadProof
from revloop.proof.hashes import HASH_BYTES, leaf_hash
from revloop.proof.inclusion import verify_inclusion
from revloop.proof.notes import (
    Checkpoint,
    VerifierKey,
    decode_base64,
    encode_base64,
    open_checkpoint,
    parse_note,
    parse_number,
)

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PATH = 63
"""A path is no longer than the tree is high."""


@dataclass(frozen=True, slots=True)
class TlogProof:
    """All that is needed to check offline that an entry is in a log, but for the entry and the log's key."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    """The signed note."""
    extra: bytes = b""
    """For the reader's convenience: no signature covers it."""

    def encode(self) -> bytes:
        """The file's bytes."""
        lines = [HEADER]
        if self.extra:
            lines.append(f"extra {encode_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += map(encode_base64, self.path)
        return ("\n".join(lines) + "\n\n").encode() + self.checkpoint

    def verify(self, entry: bytes, key: VerifierKey) -> Checkpoint:
        """Check that ``entry`` is in the log of ``key``; gives the checkpoint; raises BadProof or BadNote."""
        checkpoint = open_checkpoint(self.checkpoint, key)
        verify_inclusion(leaf_hash(entry), self.index, checkpoint.size, self.path, checkpoint.root)
        return checkpoint


def write_proof(index: int, path: Sequence[bytes], checkpoint: bytes, extra: bytes = b"") -> bytes:
    """The bytes of a proof file: ``path`` from the leaf's sibling upward, ``checkpoint`` as published."""
    return TlogProof(index, tuple(path), checkpoint, extra).encode()


def parse_proof(proof: bytes) -> TlogProof:
    """Read a proof file, checking its form and nothing else; raises BadProof or BadNote."""
    head, separator, checkpoint = proof.partition(b"\n\n")
    try:
        lines = head.decode().split("\n")
    except UnicodeDecodeError as error:
        raise BadProof("the proof is not UTF-8") from error
    if not separator or lines.pop(0) != HEADER:
        raise BadProof(f"a proof begins with {HEADER} and has an empty line before its checkpoint")
    extra = decode_base64(lines.pop(0)[6:], "the extra data") if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index ") or extra == b"":
        raise BadProof("the second line of a proof is its index, or extra data with the index below")
    index = parse_number(lines[0][6:], "the index")
    parse_note(checkpoint)
    return TlogProof(index, _parse_path(lines[1:]), checkpoint, extra or b"")


def _parse_path(lines: Sequence[str]) -> tuple[bytes, ...]:
    path = tuple(decode_base64(line, f"hash {number} of the path") for number, line in enumerate(lines))
    if len(path) > MAX_PATH or any(len(node) != HASH_BYTES for node in path):
        raise BadProof(f"a path has at most {MAX_PATH} hashes of {HASH_BYTES} bytes")
    return path
