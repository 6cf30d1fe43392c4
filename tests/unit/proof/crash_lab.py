"""Writers that die: each line on stdin forks one and kills it with -9; a line on stdout tells how it ended.

``operation FOLDER RUN N`` kills it before its N-th file operation; ``moment FOLDER RUN SECONDS`` after a time. The RUN
is part of every entry, so that two runs never write the same bytes. The answer is ``killed`` or ``finished``, and each
checkpoint that the writer saw published, in hex.
"""

import os
import select
import signal
import sys
from pathlib import Path

from tests.unit.proof.sample import opened

CHANGES = frozenset({"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir"})
BATCHES = (30, 300, 7, 512)


def entry(run: str, number: int) -> bytes:
    """No other run writes this."""
    return f"{run} wrote entry {number}".encode()


def write(directory: Path, run: str, rounds: int, published: int) -> None:
    """Append and publish; each checkpoint goes down the pipe ``published`` once ``publish`` gave it out."""
    with opened(directory) as log:
        for number in range(rounds):
            for part in range(2):
                log.append([entry(run, log.size + n) for n in range(BATCHES[(number + part) % len(BATCHES)])])
            os.write(published, log.publish().hex().encode() + b" ")


def die_before(operation: int) -> None:
    """Kill this process just before its ``operation``-th change of a file."""
    seen = 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        if event in CHANGES and not (event == "open" and arguments[1] == "r"):
            seen += 1
            if seen == operation:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def run_once(how: str, directory: Path, run: str, amount: str) -> str:
    """Fork one writer and see it end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        if how == "operation":
            die_before(int(amount))
        write(directory, run, 1 if how == "operation" else 1_000_000, writing)
        os._exit(0)
    os.close(writing)
    published = collect(reading, child, float(amount) if how == "moment" else None)
    _, status = os.waitpid(child, 0)
    return " ".join(["killed" if os.WIFSIGNALED(status) else "finished", *published])


def collect(reading: int, child: int, within_s: float | None) -> list[str]:
    """All that comes through the pipe, until it ends or, after a time, the child is killed."""
    if within_s is not None:
        select.select([reading], [], [])  # the first checkpoint is out
        select.select([], [], [], within_s)  # and anything may be going on
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as file:
        text = file.read()
    return [word.decode() for word in text.split(b" ")[:-1]]


def main() -> None:
    """Serve until stdin ends."""
    for line in sys.stdin:
        how, directory, run, amount = line.split()
        print(run_once(how, Path(directory), run, amount), flush=True)


if __name__ == "__main__":
    main()
