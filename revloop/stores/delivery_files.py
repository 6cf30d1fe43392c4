"""Folders with ``deliveries.jsonl.gz`` come in, lines go out by (at, folder, seq); bad ones are refused by place."""

import gzip
import heapq
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from revloop.contracts.failures import RevloopError
from revloop.contracts.times import parse_iso

FILE = "deliveries.jsonl.gz"


class BadDeliveryFile(RevloopError):
    """A file that cannot be read; the message names the file and the line."""


class Line(msgspec.Struct, frozen=True):
    """One line of a delivery file; ``body`` and ``request`` keep their bytes."""

    seq: int
    at: str
    tenant: str
    connector: str
    mode: str
    resource: str
    body: msgspec.Raw
    request: msgspec.Raw = msgspec.Raw(b"")


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
    with gzip.open(path, "rb") as file:
        for count, text in enumerate(file, 1):
            try:
                line = _decode(text)
                at = parse_iso(line.at)
            except (msgspec.DecodeError, ValueError) as error:
                raise BadDeliveryFile(f"{path}, line {count}: {error}") from error
            if (at, line.seq) < last:
                raise BadDeliveryFile(f"{path}, line {count}: lines must be sorted by (at, seq)")
            last = (at, line.seq)
            yield Filed(at, number, line)
