"""``python -m tests.golden.recompute FOLDER TENANT``: ids of states come in, one a line; their hashes go out.

The states are made by a process of its own that knows nothing but the deliveries.
"""

import hashlib
import sys
from pathlib import Path

from revloop.contracts import codec
from revloop.contracts.generated.events import AccountState
from revloop.replay.states import recompute
from revloop.tenants import Registry
from tests.loops import PROFILES


def main(folder: str, tenant: str) -> None:
    """Write ``event_id sha256`` of each state asked for."""
    wanted = set(sys.stdin.read().split())

    def told(state: AccountState) -> None:
        if state.event_id in wanted:
            print(state.event_id, hashlib.sha256(codec.encode(state)).hexdigest())

    recompute([Path(folder)], Registry.load(PROFILES), tenant, told, None)


if __name__ == "__main__":
    main(*sys.argv[1:])
