"""Entries come in, a log in a folder grows by them, and each signed checkpoint stays true whenever the writer dies.

Three steps, each of which may be repeated after a crash: an entry gets its index elsewhere, ``append`` puts it into its
tiles, ``publish`` signs. Until then nothing counts: a restart goes on from the last checkpoint.
"""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from revloop.proof.errors import BadNote, BadTile, Contradiction, Damaged, Gap
from revloop.proof.files import LogFiles
from revloop.proof.folder import CHECKPOINT, read_bundle, read_tile, tiles_in
from revloop.proof.hashes import HASH_BYTES, leaf_hash
from revloop.proof.notes import Checkpoint, Signer, open_checkpoint, sign_note
from revloop.proof.tiles import ENTRIES, HEIGHT, WIDTH, TileName, check_entry, count_at, pack
from revloop.proof.tree import Tree


class LogWriter:
    """The one writer of one log. Holds one tile a level and one bundle of entries, however long the log is."""

    def __init__(self, files: LogFiles, directory: Path, signer: Signer, published: Checkpoint) -> None:
        """Use ``open``."""
        self._files = files
        self._directory = directory
        self._signer = signer
        self._published = published
        self._compact = self.tree().compact()
        self._edges = [bytearray(self._edge(level)) for level in range(_levels(published.size))]
        last = TileName(ENTRIES, published.size // WIDTH, published.size % WIDTH)
        self._bundle = read_bundle(directory, last.index, last.width) if last.width else []
        self._whole = True

    @classmethod
    def open(cls, directory: Path, origin: str, signer: Signer, known_size: int = 0) -> Self:
        """Begin the log of ``origin``, or go on with it from its checkpoint; clears what a crash left beyond that.

        ``known_size`` is what the caller knows to be published. Raises Occupied when another writer has the folder,
        BadNote for another's checkpoint, Damaged when the folder does not hold what was published.
        """
        if signer.key.name != origin:
            raise BadNote(f"the key of {signer.key.name} does not sign for {origin}: one name for the key and its log")
        files = LogFiles(directory)
        try:
            published = _published(files, directory, signer, known_size)
            writer = cls._opened(files, directory, signer, published)
            _clear_beyond(files, directory, published.size)
        except BaseException:
            files.close()
            raise
        return writer

    @property
    def size(self) -> int:
        """Entries appended: the index of the next one."""
        return self._compact.size

    @property
    def published(self) -> Checkpoint:
        """What the last checkpoint says."""
        return self._published

    def checkpoint(self) -> bytes:
        """The last published checkpoint, signed."""
        return (self._directory / CHECKPOINT).read_bytes()

    def tree(self) -> Tree:
        """The published tree."""
        return Tree(self._published.size, lambda *place: read_tile(self._directory, *place))

    def entry(self, index: int) -> bytes:
        """An entry that was appended, published or not; raises IndexError."""
        if not 0 <= index < self.size:
            raise IndexError(f"entry {index} is not in a log of {self.size}")
        return self._entries(index // WIDTH)[index % WIDTH]

    def append(self, entries: Sequence[bytes], start: int | None = None) -> range:
        """Add ``entries`` from the index ``start`` on (by default the next); gives their indexes.

        What is there already is compared and not written again: Contradiction when it differs. Raises Gap when
        ``start`` lies beyond the end, EntryTooLarge before anything is written, Damaged after a write that broke off.
        """
        first = self.size if start is None else start
        self._check_whole()
        if first > self.size or first < 0:
            raise Gap(
                f"the next index of {self._signer.key.name} is {self.size}, not {first}: append what lies between"
            )
        for entry in entries:
            check_entry(entry)
        there = min(self.size - first, len(entries))
        self._compare(entries[:there], first)
        self._whole = False
        for entry in entries[there:]:
            self._add(entry)
        self._whole = True
        return range(first, first + len(entries))

    def publish(self) -> bytes:
        """Sign the root over all that was appended; gives the checkpoint, the old one when nothing is new.

        Tiles reach the disk before the checkpoint that covers them. Raises Damaged after a write that broke off.
        """
        self._check_whole()
        if self.size > self._published.size:
            self._whole = False
            before, size = self._published.size, self.size
            self._place_partials()
            checkpoint = Checkpoint(self._published.origin, size, self._compact.root())
            _place_checkpoint(self._files, self._signer, checkpoint)
            self._published = checkpoint
            self._remove_outgrown(before)
            self._whole = True
        return self.checkpoint()

    def close(self) -> None:
        """Let another writer have the folder; what was appended since the last checkpoint is forgotten."""
        self._whole = False
        self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @classmethod
    def _opened(cls, files: LogFiles, directory: Path, signer: Signer, published: Checkpoint) -> Self:
        try:
            writer = cls(files, directory, signer, published)
        except (FileNotFoundError, BadTile) as error:
            raise Damaged(f"{directory} lacks a tile of its checkpoint: {error}") from error
        writer._check()
        return writer

    def _check(self) -> None:
        leaves = b"".join(map(leaf_hash, self._bundle))
        if self._compact.root() != self._published.root or leaves != bytes(self._edges[0] if self._edges else b""):
            raise Damaged(
                f"the tiles of {self._directory} do not give its root: run the verifier, it names the bad file"
            )

    def _check_whole(self) -> None:
        if not self._whole:
            raise Damaged(f"the log in {self._directory} is closed or a write broke off: open it again")

    def _add(self, entry: bytes) -> None:
        self._bundle.append(entry)
        if len(self._bundle) == WIDTH:
            self._files.place(TileName(ENTRIES, self.size // WIDTH).path, pack(self._bundle))
            self._bundle = []
        for level, added in enumerate(self._compact.append(leaf_hash(entry))):
            if level == len(self._edges):
                self._edges.append(bytearray())
            self._edges[level] += added
            if len(self._edges[level]) == WIDTH * HASH_BYTES:
                index = count_at(level, self.size) // WIDTH - 1
                self._files.place(TileName(level, index).path, bytes(self._edges[level]))
                self._edges[level].clear()

    def _place_partials(self) -> None:
        if self._bundle:
            name = TileName(ENTRIES, self.size // WIDTH, len(self._bundle))
            self._files.place(name.path, pack(self._bundle))
        for level, edge in enumerate(self._edges):
            count = count_at(level, self.size)
            if edge and count != count_at(level, self._published.size):
                self._files.place(TileName(level, count // WIDTH, count % WIDTH).path, bytes(edge))

    def _remove_outgrown(self, before: int) -> None:
        """Partial tiles of the checkpoint before whose tile is full now; a reader takes the full one."""
        for level in (ENTRIES, *range(_levels(before))):
            open_then = TileName(level, count_at(level, before) // WIDTH)
            if open_then.width_at(self.size) == WIDTH:
                self._files.remove_partials(open_then.path)

    def _compare(self, entries: Sequence[bytes], start: int) -> None:
        at = start
        while at < start + len(entries):
            end = min(start + len(entries), (at // WIDTH + 1) * WIDTH)
            there = self._entries(at // WIDTH)[at % WIDTH : at % WIDTH + end - at]
            if list(entries[at - start : end - start]) != there:
                raise Contradiction(
                    f"entries {at} to {end - 1} of {self._signer.key.name} are in the log with other bytes:"
                    " it is left as it is; find out who gave an index twice"
                )
            at = end

    def _entries(self, bundle: int) -> list[bytes]:
        return self._bundle if bundle == self.size // WIDTH else read_bundle(self._directory, bundle, WIDTH)

    def _edge(self, level: int) -> bytes:
        index, width = divmod(count_at(level, self._published.size), WIDTH)
        return read_tile(self._directory, level, index, width) if width else b""


def _levels(size: int) -> int:
    """Levels of tiles that a log of ``size`` entries has."""
    return -(-size.bit_length() // HEIGHT)


def _published(files: LogFiles, directory: Path, signer: Signer, known_size: int) -> Checkpoint:
    """The checkpoint to go on from; a new log begins with that of no entries."""
    origin = signer.key.name
    try:
        checkpoint = open_checkpoint((directory / CHECKPOINT).read_bytes(), signer.key)
    except FileNotFoundError as error:
        if next(tiles_in(directory), None) or known_size:
            raise Damaged(f"{directory} has lost its checkpoint: restore it, a log has one history") from error
        checkpoint = Checkpoint(origin, 0, Tree(0, lambda *_: b"").root())
        _place_checkpoint(files, signer, checkpoint)
    if checkpoint.size < known_size:
        raise Damaged(
            f"the checkpoint in {directory} covers {checkpoint.size} entries, {known_size} were published:"
            " restore the folder, an older copy would tell another history"
        )
    return checkpoint


def _place_checkpoint(files: LogFiles, signer: Signer, checkpoint: Checkpoint) -> None:
    files.place_last(CHECKPOINT, sign_note(checkpoint.text, signer).encode())


def _clear_beyond(files: LogFiles, directory: Path, size: int) -> None:
    """Remove what no checkpoint covers, and partial tiles that a full one replaced."""
    for name in list(tiles_in(directory)):
        covered = name.width_at(size)
        if covered < name.width or covered == WIDTH != name.width:
            files.remove(name.path)
