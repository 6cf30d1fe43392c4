"""Bytes come in and lie in a log's folder, whole or not at all; a second writer on one folder is refused."""

import fcntl
import os
from pathlib import Path
from weakref import finalize

from revloop.proof.errors import Contradiction, Occupied

WORKSHOP = ".writing"
"""Where a file is made before it takes its place; what lies there after a crash is worth nothing."""
MOST_UNSYNCED = 64


class LogFiles:
    """The folder of one log, opened for writing by one process."""

    def __init__(self, directory: Path) -> None:
        """Make the folder if need be, lock it and clear the workshop; raises Occupied."""
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self.close = finalize(self, os.close, _locked(directory))
        self._workshop = directory / WORKSHOP
        self._workshop.mkdir(exist_ok=True)
        for unfinished in self._workshop.iterdir():
            unfinished.unlink()
        self._unsynced: set[Path] = set()
        self._changed: set[Path] = {directory, directory.absolute().parent}

    def place(self, path: str, data: bytes) -> None:
        """Put a file into its place, visible at once, on disk after the next ``settle``; raises Contradiction.

        A file that is there already is never written over: with the same bytes it stays, with others it is an error.
        """
        if (self._directory / path).exists():
            self._compare(path, data)
            return
        made = self._workshop / "next"
        made.write_bytes(data)
        target = self._directory / path
        try:
            made.replace(target)
        except FileNotFoundError:
            self._make_folders(target.parent)
            made.replace(target)
        self._unsynced.add(target)
        self._changed.add(target.parent)
        if len(self._unsynced) >= MOST_UNSYNCED:
            self._sync(self._unsynced)

    def settle(self) -> None:
        """Return when everything placed so far has reached the disk."""
        self._sync(self._unsynced)
        self._sync(self._changed)

    def place_last(self, path: str, data: bytes) -> None:
        """Put a file into its place after everything else has reached the disk, and see it reach the disk too."""
        self.settle()
        made = self._workshop / "last"
        made.write_bytes(data)
        self._sync({made})
        target = self._directory / path
        made.replace(target)
        self._sync({target.parent})

    def remove(self, path: str) -> None:
        """Take a file away, and its folder when it is the last in a folder of partial tiles."""
        target = self._directory / path
        target.unlink(missing_ok=True)
        self._unsynced.discard(target)
        if target.parent.name.endswith(".p") and not any(target.parent.iterdir()):
            target.parent.rmdir()
            self._changed.discard(target.parent)

    def remove_partials(self, path: str) -> None:
        """Take away the partial forms of the tile at ``path``, which is full now."""
        folder = self._directory / f"{path}.p"
        if folder.is_dir():
            for partial in folder.iterdir():
                self.remove(f"{path}.p/{partial.name}")

    def _compare(self, path: str, data: bytes) -> None:
        if (self._directory / path).read_bytes() != data:
            raise Contradiction(
                f"{path} of {self._directory} is there with other bytes: who else writes to this folder?"
            )

    def _make_folders(self, folder: Path) -> None:
        missing = folder
        while not missing.is_dir():
            missing = missing.parent
            self._changed.add(missing)
        folder.mkdir(parents=True, exist_ok=True)

    def _sync(self, paths: set[Path]) -> None:
        while paths:
            handle = os.open(paths.pop(), os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _locked(directory: Path) -> int:
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise Occupied(f"{directory} is open in another writer: a log has one writer, stop the other first") from error
    return handle
