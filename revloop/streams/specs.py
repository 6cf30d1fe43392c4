"""What a service asks of the kit: stages with pure cores, and sinks with a durable store of their own."""

from collections.abc import Callable, Sequence

import msgspec

from revloop.contracts.generated.events import Envelope
from revloop.contracts.topic import Table
from revloop.stage import Core, Emit

Place = tuple[str, int]
"""A topic and one of its partitions."""
Headers = list[tuple[str, str | bytes | None]]


class StageSpec(msgspec.Struct, frozen=True):
    """A pure core between topics: outputs, state and offsets are committed in one transaction."""

    name: str
    core: Core
    inputs: tuple[str, ...]
    """Topics with the same partition count; the order between two of them is not defined."""
    table: Table | None = None


class Received(msgspec.Struct, frozen=True, gc=False):
    """A record as a sink gets it; ``event`` is None for a tombstone, which only a sink that asks for them gets."""

    topic: str
    partition: int
    offset: int
    event: Envelope | None
    key: bytes = b""
    headers: Headers = []


class SinkSpec(msgspec.Struct, frozen=True):
    """A consumer with a durable store: at least once, so ``handle`` must know a repeat when it sees one."""

    name: str
    inputs: tuple[str, ...]
    handle: Callable[[Sequence[Received]], Sequence[Emit]]
    """Stores a batch, then gives what is to be written; offsets are committed after that is acknowledged.

    Raises Retry while the world is down: the same batch comes again after a pause. Raises Reject for a batch that holds
    a bad record: its records come again one by one, and the bad one becomes a dead letter.
    """
    tombstones: bool = False
    """Whether ``handle`` wants to know what is gone from a compacted topic, in its place among the records."""
