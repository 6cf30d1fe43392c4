"""Blobs by content: what is put in is found again under its sha256, and cannot be changed there."""

import os
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Protocol


class NoBlob(KeyError):
    """There is no blob under this reference: it was never put, or it was erased."""


class Blobs(Protocol):
    """The port; references are ``sha256:<64 hex digits>``."""

    def put(self, data: bytes) -> str:
        """Store ``data`` durably and give its reference."""
        ...

    def get(self, reference: str) -> bytes:
        """The bytes behind a reference; raises NoBlob."""
        ...

    def erase(self, reference: str) -> None:
        """Destroy a blob; proofs about its hash stay valid."""
        ...


class DirectoryBlobs:
    """One file a blob, in folders by the first byte of the hash."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, data: bytes) -> str:
        """Write once, on the disk before it has its name; a repeat finds the file there."""
        reference = f"sha256:{sha256(data).hexdigest()}"
        path = self._path(reference)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write(path, data)
        return reference

    def _write(self, path: Path, data: bytes) -> None:
        """A name of its own until it is whole: two writers of the same blob do not meet."""
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name[:8]}.", suffix=".new")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def get(self, reference: str) -> bytes:
        """Read and check: a blob whose bytes changed is refused."""
        path = self._path(reference)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise NoBlob(reference) from error
        if f"sha256:{sha256(data).hexdigest()}" != reference:
            raise ValueError(f"{path} does not hold what its name says: restore it from its copy")
        return data

    def erase(self, reference: str) -> None:
        """Unlink."""
        self._path(reference).unlink(missing_ok=True)

    def _path(self, reference: str) -> Path:
        kind, _, digest = reference.partition(":")
        if kind != "sha256" or len(digest) != 64 or not all(c in "0123456789abcdef" for c in digest):
            raise ValueError(f"{reference!r} is no reference of a blob (sha256:<64 hex digits>)")
        return self._directory / digest[:2] / digest
