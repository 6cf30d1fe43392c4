"""One embedded store, one process: the folder is held while the process lives, and a second one is refused."""

import fcntl
import os
from pathlib import Path

from revloop.contracts.failures import RevloopError


class StoreInUse(RevloopError):
    """Another process writes to this folder: run one replica, or use a store that takes several."""


class FolderLock:
    """Held until the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Take the lock; raises StoreInUse."""
        folder.mkdir(parents=True, exist_ok=True)
        self._file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreInUse(
                f"{folder} is in use by another process: this service runs once on an embedded store"
            ) from error
