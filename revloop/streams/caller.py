"""Calls into a client library that may forget its own time limit: made on a thread that can be given up."""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

LOOK_S = 0.05


class Forgotten(Exception):
    """A call that did not return; its client, and the thread it sits in, are of no use any more."""


class Caller:
    """One thread that makes one call after the other for its owner, who waits and may give up."""

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        threading.Thread(target=self._serve, name=name, daemon=True).start()

    def call(self, function: Callable[[], object], limit_s: float, waiting: Callable[[], None]) -> None:
        """Make a call and wait for it; ``waiting`` is called meanwhile. Raises what it raises, or Forgotten."""
        call = _Call(function)
        self._calls.put(call)
        deadline = time.monotonic() + limit_s
        while not call.done.wait(LOOK_S):
            waiting()
            if time.monotonic() > deadline:
                raise Forgotten(f"a call to Kafka has not returned for {limit_s:.0f} s, in spite of its time limit")
        if call.error is not None:
            raise call.error

    def close(self) -> None:
        """Let the thread end after the call it is in, if that ever returns."""
        self._calls.put(None)

    def _serve(self) -> None:
        while (call := self._calls.get()) is not None:
            call.make()


class _Call:
    def __init__(self, function: Callable[[], object]) -> None:
        self._function = function
        self.done = threading.Event()
        self.error: BaseException | None = None

    def make(self) -> None:
        try:
            self._function()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            self.error = error
        self.done.set()
