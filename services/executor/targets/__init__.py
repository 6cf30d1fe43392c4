"""Where effects happen: each target performs an order once, however often it is tried, and undoes it where it can."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from revloop.contracts.failures import RevloopError
from revloop.contracts.generated.events import Target
from services.executor.core.orders import Fields
from services.executor.queue import Lease, Sent

NoteSent = Callable[[Sent], None]
"""Called right before the write with what stands now; raises LeaseLost when the order is no longer ours."""


class UndoRefused(RevloopError):
    """The effect stays: undoing it would overwrite what somebody did since, or the target does not allow it."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What an effect left behind."""

    target: Target
    before: Fields
    after: Fields
    message: str
    url: str = ""


class EffectTarget(Protocol):
    """One system that orders can touch; raises VendorError, classified, when it cannot do what was asked."""

    def perform(self, lease: Lease, note_sent: NoteSent) -> Result:
        """Do what the action says; a repeat after a crash finds its own work and does nothing."""
        ...

    def undo(self, lease: Lease, note_sent: NoteSent) -> Result:
        """Take it back; raises UndoRefused when the record changed since."""
        ...
