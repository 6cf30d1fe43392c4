"""The states of one partition: what this transaction changed, over what RocksDB holds of all committed ones."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from threading import Lock

import rocksdict

from revloop.contracts import codec
from revloop.contracts.failures import RevloopError
from revloop.contracts.generated.events import StateRecord

POSITION = b"\x00changelog-position"
CACHED_STATES = 4_000
"""Decoded states kept for one partition."""
WRITE_BUFFER_BYTES = 4 << 20
BLOCK_CACHE_BYTES = 64 << 20
"""Shared by the partitions of a stage."""

Change = tuple[bytes, bytes | None]
"""Key and value of a state as its changelog and the store have them; no value deletes."""


class StateInUse(RevloopError):
    """A store that another process has open; the message names the folder and what to set."""


def block_cache() -> rocksdict.Cache:
    """A cache for the stores of one stage."""
    return rocksdict.Cache(BLOCK_CACHE_BYTES)


class PartitionStates:
    """Implements StateStore; ``changed`` is what the next commit must hold."""

    def __init__(self, directory: Path, cache: rocksdict.Cache | None = None) -> None:
        self._directory = directory
        self._block_cache = cache or block_cache()
        self._db = _open(directory, self._block_cache)
        self._lock = Lock()
        self._closed = False
        self._cache: OrderedDict[str, StateRecord] = OrderedDict()
        self.changed: dict[str, StateRecord | None] = {}

    # --- StateStore

    def get_many(self, keys: Sequence[str]) -> Mapping[str, StateRecord]:
        """The states that exist among ``keys``."""
        found: dict[str, StateRecord] = {}
        missing: list[str] = []
        for key in keys:
            if key in self.changed:
                state = self.changed[key]
            else:
                state = self._cached(key)
                if state is None:
                    missing.append(key)
            if state is not None:
                found[key] = state
        if missing:
            self._load(missing, found)
        return found

    def put(self, key: str, state: StateRecord | None) -> None:
        """Part of the open transaction until ``committed`` or ``aborted``."""
        self.changed[key] = state

    def due(self) -> Iterable[tuple[str, int]]:
        """Timers of all committed states: one pass over the store."""
        for key, state in self.committed_items():
            at = getattr(state, "due_at", None)
            if at is not None:
                yield key, at

    # --- transaction

    def changes(self) -> list[Change]:
        """What the open transaction changed, as bytes."""
        return [(key.encode(), None if state is None else codec.encode(state)) for key, state in self.changed.items()]

    def committed(self, changes: Sequence[Change], position: int) -> None:
        """The open transaction took effect with ``changes`` and its changelog ends before ``position``."""
        self.restore(changes, position)
        for key, state in self.changed.items():
            self._cache.pop(key, None)
            if state is not None:
                self._cache[key] = state
        self.changed.clear()
        self._evict()

    def aborted(self) -> None:
        """The open transaction never happened."""
        self.changed.clear()

    # --- recovery and reading

    @property
    def position(self) -> int:
        """Offset in the changelog up to which the store holds everything."""
        return int(self._db.get(POSITION) or 0)

    def restore(self, records: Iterable[Change], position: int) -> None:
        """Take over changelog records up to ``position``, in one write."""
        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, value in records:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(POSITION, str(position).encode())
        self._db.write(batch)

    def wipe(self) -> None:
        """Begin anew: the store belongs to another life of the changelog."""
        self._db.close()
        rmtree(self._directory)
        self._db = _open(self._directory, self._block_cache)

    def committed_items(self) -> Iterable[tuple[str, StateRecord]]:
        """Every committed state."""
        for key, value in self._db.items():
            if isinstance(key, bytes) and key != POSITION:  # raw mode gives bytes only
                yield key.decode(), _state(value)

    def committed_value(self, key: bytes) -> bytes | None:
        """The committed bytes of one state; from any thread, nothing after the store was closed."""
        with self._lock:
            value: bytes | None = None if self._closed or key == POSITION else self._db.get(key)
            return value

    def committed_keys(self) -> list[bytes]:
        """Keys of all committed states; from any thread, nothing after the store was closed."""
        with self._lock:
            keys = () if self._closed else self._db.keys()
            return [key for key in keys if isinstance(key, bytes) and key != POSITION]  # raw mode gives bytes only

    def close(self) -> None:
        """Close the store; it can be opened again from its folder."""
        with self._lock:
            self._closed = True
            self._db.close()

    def _cached(self, key: str) -> StateRecord | None:
        state = self._cache.get(key)
        if state is not None:
            self._cache.move_to_end(key)
        return state

    def _load(self, keys: Sequence[str], found: dict[str, StateRecord]) -> None:
        values = self._db.get([key.encode() for key in keys]) or ()
        for key, value in zip(keys, values, strict=True):
            if value is not None:
                found[key] = self._cache[key] = _state(value)
        self._evict()

    def _evict(self) -> None:
        while len(self._cache) > CACHED_STATES:
            self._cache.popitem(last=False)


class Stateless:
    """The store of a stage that remembers nothing."""

    def get_many(self, keys: Sequence[str]) -> Mapping[str, StateRecord]:
        """Nothing."""
        return {}

    def put(self, key: str, state: StateRecord | None) -> None:
        """Refused: a stage that wants to remember names a table in topics.yaml."""
        raise TypeError(f"a stage without a table cannot remember {key!r}: give it one in schemas/topics.yaml")

    def due(self) -> Iterable[tuple[str, int]]:
        """No timers."""
        return ()


def _state(value: bytes) -> StateRecord:
    state = codec.decode(value)
    if not isinstance(state, StateRecord):
        raise TypeError(f"the state table holds a {type(state).__name__}: it belongs to another service")
    return state


def _open(directory: Path, cache: rocksdict.Cache) -> rocksdict.Rdict:
    directory.mkdir(parents=True, exist_ok=True)
    options = rocksdict.Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)
    options.set_keep_log_file_num(2)
    table = rocksdict.BlockBasedOptions()
    table.set_block_cache(cache)
    options.set_block_based_table_factory(table)
    try:
        return rocksdict.Rdict(str(directory), options=options)
    except Exception as error:
        if "lock" not in str(error).lower():
            raise
        raise StateInUse(
            f"{directory} is open in another process: give each worker a REVLOOP_INSTANCE of its own ({error})"
        ) from error
