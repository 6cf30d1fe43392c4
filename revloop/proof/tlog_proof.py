"""C2SP .tlog-proof files: everything needed to check offline that an entry is in a log."""

import base64
from collections.abc import Sequence

HEADER = "c2sp.org/tlog-proof@v1"


def write_proof(index: int, path: Sequence[bytes], checkpoint: bytes, extra: bytes = b"") -> bytes:
    """Header, index, the audit path from the leaf upward, an empty line, and the signed checkpoint."""
    lines = [HEADER]
    if extra:
        lines.append(f"extra {base64.b64encode(extra).decode()}")
    lines.append(f"index {index}")
    lines += [base64.b64encode(node).decode() for node in path]
    return ("\n".join(lines) + "\n\n").encode() + checkpoint
