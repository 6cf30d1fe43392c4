"""What tests measure goes to files under version control only when asked: a test run leaves the tree as it was.

``REVLOOP_WRITE=1 pytest ...`` writes what the tests that run would compare or show; look at the difference.
"""

import os
from pathlib import Path

ASKED = os.environ.get("REVLOOP_WRITE") == "1"


def write_if_asked(path: Path, text: str) -> None:
    """Put ``text`` in the place of what ``path`` holds, where that was asked for."""
    if ASKED:
        path.write_text(text)
