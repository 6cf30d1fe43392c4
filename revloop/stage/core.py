"""The protocol of a pure core: typed states and one input come in, changed states and events go out."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from revloop.contracts.generated.events import Envelope, StateRecord

State = StateRecord


class Due(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The timer of the state ``key`` has come: its clock reached ``at`` (ms); the core answers for all that is due."""

    key: str
    at: int
    tick: Envelope


class Emit(msgspec.Struct, frozen=True, gc=False):
    """One record to write: ``event`` on ``topic``; ``event=None`` is a tombstone for ``key``."""

    topic: str
    event: Envelope | None
    key: str | None = None
    """Full key of a tombstone; other records take theirs from the topic's rule."""
    every_partition: bool = False
    """True for what every partition must see, such as a tick on its way from a tenant's stream to the accounts'."""


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """An input, or a part of its handling, that was refused: it becomes a dead letter and is counted."""

    reason: str
    """One word, for counting: for example ``bad_json``."""
    detail: str
    """A sentence that tells the reader what is wrong and what to do."""


class Effects(msgspec.Struct, frozen=True, gc=False):
    """What one step leads to; states not named stay as they are, ``None`` deletes."""

    states: Mapping[str, StateRecord | None] = {}
    emits: Sequence[Emit] = ()
    refusals: Sequence[Refusal] = ()


class Needs(msgspec.Struct, frozen=True, gc=False):
    """A step cannot answer yet: it comes again with the states of these keys as well, and must then give the same."""

    keys: Sequence[str]


class Core(Protocol):
    """A stage's logic: no clock, no randomness, no I/O; the same inputs in the same order give the same effects."""

    def keys(self, event: Envelope | Due) -> Sequence[str]:
        """Keys of the states that ``step`` needs for ``event``, each beginning with the tenant.

        For a ``Due`` those besides the state whose timer it is.
        """
        ...

    def clock_of(self, tenant_id: str) -> str:
        """Name of the tenant's clock (``wall`` or ``file:<tenant>``): its ticks make the tenant's timers due."""
        ...

    def step(self, states: Mapping[str, StateRecord], event: Envelope | Due, now: int) -> Effects | Needs:
        """Handle one input at ``now`` (ms, tenant's clock); raises ``Reject`` for an input that can never be handled.

        ``states`` holds what exists of ``keys(event)`` and of what it said it needs, and the state of a ``Due``. A
        tick comes here too, after everything that it made due: the core forwards it.
        """
        ...
