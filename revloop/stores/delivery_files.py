"""Folders with ``deliveries.jsonl.gz`` come in, lines go out by (at, folder, seq); bad ones are refused by place."""

import gzip
import heapq
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from revloop.contracts.failures import RevloopError
from revloop.contracts.times import parse_iso

FILE = "deliveries.jsonl.gz"


class BadDeliveryFile(RevloopError):
    """A file that cannot be read; the message names the file and the line."""


class Line(msgspec.Struct, frozen=True):
    """One line of a delivery file; ``body`` and ``request`` keep their bytes."""

    seq: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    at: str
    tenant: str
    connector: str
    mode: Literal["webhook", "poll"]
    resource: str
    body: msgspec.Raw
    request: msgspec.Raw = msgspec.Raw(b"")
    status: Annotated[int, msgspec.Meta(ge=100, le=599)] | None = None
    """HTTP status of the answer, where it is known."""


class Filed(msgspec.Struct, frozen=True):
    """A line with its moment (ms) and the folder it came from."""

    at: int
    folder: int
    line: Line


_decode = msgspec.json.Decoder(Line).decode


def read(folders: Sequence[Path]) -> Iterator[Filed]:
    """All lines of ``folders`` merged; the memory taken does not grow with the files. Raises BadDeliveryFile."""
    return heapq.merge(
        *(_lines(folder, number) for number, folder in enumerate(folders)),
        key=lambda filed: (filed.at, filed.folder, filed.line.seq),
    )


def _lines(folder: Path, number: int) -> Iterator[Filed]:
    path = folder / FILE if folder.is_dir() else folder
    if not path.exists():
        raise BadDeliveryFile(f"{path} does not exist: name a folder with {FILE}")
    last = (0, 0)
    for count, text in _texts(path):
        try:
            text.decode()  # what is kept raw is not looked at by the decoder
            line = _decode(text)
            at = parse_iso(line.at)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise BadDeliveryFile(f"{path}, line {count}: {error}") from error
        if (at, line.seq) < last:
            raise BadDeliveryFile(f"{path}, line {count}: lines must be sorted by (at, seq), from 1970 on")
        last = (at, line.seq)
        yield Filed(at, number, line)


def _texts(path: Path) -> Iterator[tuple[int, bytes]]:
    count = 0
    try:
        with gzip.open(path, "rb") as file:
            for count, text in enumerate(file, 1):
                yield count, text
    except (OSError, EOFError, zlib.error) as error:
        raise BadDeliveryFile(f"{path}, after line {count}: {error}: fetch the file again") from error
