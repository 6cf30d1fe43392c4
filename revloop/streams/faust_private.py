"""Every touch of what Faust keeps private, each with its reason; a test fails when the pinned versions change."""

from collections.abc import Iterator
from typing import Any, Protocol, cast

import faust
from faust.stores.base import SerializedStore
from faust.tables import TableManager

PINNED = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0", "confluent-kafka": "2.16.1"}


class StageTables(TableManager):
    """Keeps the tables of stages in ``app.tables`` without letting Faust subscribe to or recover their changelogs.

    Faust would read each changelog record by record on the event loop; the stage recovers them in bulk.
    """

    def add(self, table: Any) -> Any:
        """Register ``table``; a stage's table is marked as having a channel already."""
        if not isinstance(table, StageTable):
            return super().add(table)
        if table.name in self:
            raise ValueError(f"table {table.name!r} exists")
        self[table.name] = table
        self._channels[table] = cast(Any, None)  # private: "has a channel" means neither subscribed nor recovered
        return table


class StageTable(faust.Table):
    """A read-only view of a stage's committed states; the stage is its one writer."""

    reader: "StageReader"

    def _new_store(self) -> SerializedStore:  # private hook: which store a table opens
        return StageStore("stage://", self.app, self, table_name=self.name, key_type=bytes, value_type=bytes)

    def using_window(self, *_: Any, **__: Any) -> Any:
        """Refused."""
        raise TypeError("a stage's table has no windows: use plain keys and ticks")

    def on_key_set(self, key: Any, value: Any) -> None:
        """Refused."""
        raise TypeError("a stage's table has one writer: send the stage an event")

    def on_key_del(self, key: Any) -> None:
        """Refused."""
        raise TypeError("a stage's table has one writer: send the stage an event")


class StageReader(Protocol):
    """Reads committed states; given by the stage."""

    def get(self, key: bytes) -> bytes | None:
        """Committed bytes of one state."""
        ...

    def keys(self) -> Iterator[bytes]:
        """Keys of all committed states of this worker's partitions."""
        ...


class StageStore(SerializedStore):
    """Faust's store interface over a stage's committed states."""

    def _get(self, key: bytes) -> bytes | None:
        return cast(StageTable, self.table).reader.get(key)

    def _contains(self, key: bytes) -> bool:
        return self._get(key) is not None

    def _set(self, key: bytes, value: bytes | None) -> None:
        raise TypeError("a stage's table has one writer: send the stage an event")

    def _del(self, key: bytes) -> None:
        raise TypeError("a stage's table has one writer: send the stage an event")

    def _iterkeys(self) -> Iterator[bytes]:
        return cast(StageTable, self.table).reader.keys()

    def _itervalues(self) -> Iterator[bytes]:
        return (value for _, value in self._iteritems())

    def _iteritems(self) -> Iterator[tuple[bytes, bytes]]:
        for key in self._iterkeys():
            if (value := self._get(key)) is not None:  # else it was deleted meanwhile
                yield key, value

    def _size(self) -> int:
        return sum(1 for _ in self._iterkeys())

    def _clear(self) -> None:
        raise TypeError("a stage's table has one writer: send the stage an event")

    def apply_changelog_batch(self, *_: Any, **__: Any) -> None:
        """Refused."""
        raise TypeError("the stage recovers its own changelog")

    def reset_state(self) -> None:
        """Nothing is kept here."""

    async def backup_partition(self, *_: Any, **__: Any) -> None:
        """Refused."""
        raise TypeError("the changelog is the backup")

    def restore_backup(self, *_: Any, **__: Any) -> None:
        """Refused."""
        raise TypeError("the changelog is the backup")


def add_service(app: faust.App, service: Any) -> None:
    """Let ``service`` live and die with the app; ``@app.service`` does the same but takes a class, not an instance."""
    app._extra_services.append(service)
