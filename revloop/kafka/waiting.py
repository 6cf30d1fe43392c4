"""Waits for what another process does: a condition and a limit in, whether it came true in time out."""

import time
from collections.abc import Callable

LOOK_EACH_S = 0.05


def came_true(condition: Callable[[], bool], within_s: float) -> bool:
    """Look until ``condition`` holds; False after ``within_s``. What the condition raises ends the wait."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_EACH_S)  # another process cannot wake this one
    return True
