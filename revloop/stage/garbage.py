"""How often a process that handles events looks for cycles among its objects."""

import gc

THRESHOLDS = (20_000, 50, 1000)


def look_rarely_for_cycles() -> None:
    """Events are trees that nothing points back into: looking for cycles every 700 objects is lost work."""
    gc.set_threshold(*THRESHOLDS)
