"""Lines come in; compressed files go out whose bytes depend on nothing but the lines (and the zlib that packs them)."""

import gzip
from collections.abc import Sequence
from contextlib import ExitStack
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import IO

import msgspec

from revloop.simulate.channel import Delivery
from revloop.simulate.wire.form import moment

LEVEL = 6


class Packed:
    """One file; ``digest`` is the SHA-256 of what is in it, unpacked."""

    def __init__(self, path: Path, files: ExitStack) -> None:
        raw: IO[bytes] = files.enter_context(path.open("wb"))
        self._file = files.enter_context(gzip.GzipFile("", "wb", LEVEL, raw, mtime=0))
        self._hash = sha256()
        self._buffer = BytesIO()
        files.callback(self._flush)
        self.lines = 0

    def write(self, line: bytes) -> None:
        """One line, with its end."""
        self._buffer.write(line)
        self.lines += 1
        if self._buffer.tell() > 2**18:
            self._flush()

    def digest(self) -> str:
        """Of everything written so far."""
        self._flush()
        return self._hash.hexdigest()

    def _flush(self) -> None:
        content = self._buffer.getvalue()
        self._hash.update(content)
        self._file.write(content)
        self._buffer = BytesIO()


def csv_line(cells: Sequence[str]) -> bytes:
    """Cells are ids, times, names and numbers: none needs quotes."""
    line = ",".join(cells)
    assert line.count(",") == len(cells) - 1, f"a cell needs quotes: {cells}"
    return f"{line}\n".encode()


_text = msgspec.json.Encoder().encode


def delivery_line(tenant: str, seq: int, delivery: Delivery) -> bytes:
    """One line of ``deliveries.jsonl.gz``."""
    request = b',"request":%s' % delivery.request if delivery.request else b""
    return b'{"seq":%d,"at":%s,"tenant":%s,"connector":%s,"mode":%s,"resource":%s%s,"body":%s}\n' % (
        seq,
        _text(moment(delivery.at)),
        _text(tenant),
        _text(delivery.connector),
        _text(delivery.mode),
        _text(delivery.resource),
        request,
        delivery.body,
    )
