"""The states of one partition: what this transaction changed, over what RocksDB holds of all committed ones."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from shutil import rmtree

import rocksdict

from revloop.contracts import codec
from revloop.contracts.generated.events import StateRecord

POSITION = b"\x00changelog-position"
CACHED_STATES = 20_000
"""Decoded states kept for one partition."""
WRITE_BUFFER_BYTES = 8 << 20
BLOCK_CACHE_BYTES = 16 << 20


class PartitionStates:
    """Implements StateStore; ``changed`` is what the next commit must hold."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._db = _open(directory)
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
                state = self._cache.get(key)
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

    def committed(self, position: int) -> None:
        """The open transaction took effect and its changelog ends before ``position``: make it the store's."""
        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, state in self.changed.items():
            if state is None:
                batch.delete(key.encode())
                self._cache.pop(key, None)
            else:
                batch.put(key.encode(), codec.encode(state))
                self._cache[key] = state
                self._cache.move_to_end(key)
        batch.put(POSITION, str(position).encode())
        self._db.write(batch)
        self.changed.clear()
        while len(self._cache) > CACHED_STATES:
            self._cache.popitem(last=False)

    def aborted(self) -> None:
        """The open transaction never happened."""
        self.changed.clear()

    # --- recovery and reading

    @property
    def position(self) -> int:
        """Offset in the changelog up to which the store holds everything."""
        return int(self._db.get(POSITION) or 0)

    def restore(self, records: Iterable[tuple[bytes, bytes | None]], position: int) -> None:
        """Take over changelog records up to ``position``."""
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
        self._db = _open(self._directory)

    def committed_items(self) -> Iterable[tuple[str, StateRecord]]:
        """Every committed state."""
        for key, value in self._db.items():
            if isinstance(key, bytes) and key != POSITION:  # raw mode gives bytes only
                yield key.decode(), _state(value)

    def committed_value(self, key: bytes) -> bytes | None:
        """The committed bytes of one state."""
        value: bytes | None = self._db.get(key)
        return value

    def close(self) -> None:
        """Close the store; it can be opened again from its folder."""
        self._db.close()

    def _load(self, keys: Sequence[str], found: dict[str, StateRecord]) -> None:
        values = self._db.get([key.encode() for key in keys]) or ()
        for key, value in zip(keys, values, strict=True):
            if value is not None:
                found[key] = self._cache[key] = _state(value)


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


def _open(directory: Path) -> rocksdict.Rdict:
    directory.mkdir(parents=True, exist_ok=True)
    options = rocksdict.Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)
    table = rocksdict.BlockBasedOptions()
    table.set_block_cache(rocksdict.Cache(BLOCK_CACHE_BYTES))
    options.set_block_based_table_factory(table)
    return rocksdict.Rdict(str(directory), options=options)
