"""Writes readers: functions that take bytes and a position and give a record and the position after it.

A reader need not look whether a string is cut short: positions only grow, so whoever reads past the end either fails at
the next byte or arrives past the end, and the outermost reader accepts nothing but the exact end.
"""

from revloop.contracts.generate.classes import annotation
from revloop.contracts.generate.lines import Lines
from revloop.contracts.generate.model import (
    ENVELOPE,
    SCALAR,
    Array,
    Enum,
    Map,
    Primitive,
    Record,
    Ref,
    Schemas,
    Type,
    Union,
)

ONE_BYTE_SYMBOLS = 64
"""An enum with at most this many symbols is one byte on the wire."""


def write_envelope_reader() -> str:
    """Reader of the fields every event begins with."""
    lines = Lines()
    kinds = ", ".join("str" if kind == Primitive("string") else "int" for kind in ENVELOPE.values())
    lines.add(0, f"def _r_envelope(b: bytes, i: int) -> tuple[{kinds}, int]:")
    for name, kind in ENVELOPE.items():
        _Reading(Schemas(named={}, raw={}), lines).read(kind, name, 1)
    lines.add(1, f"return {', '.join(ENVELOPE)}, i")
    return lines.text()


def write_reader(schemas: Schemas, record: Record) -> str:
    """Reader of one record."""
    lines, name = Lines(), record.class_name
    reading = _Reading(schemas, lines)
    lines.add(0, f"def _r_{name}(b: bytes, i: int) -> tuple[{name}, int]:")
    if record.is_event:
        lines.add(1, f"{', '.join(f'f_{field}' for field in ENVELOPE)}, i = _r_envelope(b, i)")
        lines.add(1, f"if f_event_type != {name}.EVENT_TYPE:")
        lines.add(2, f'raise DecodeError(f"an event of type {{f_event_type!r}} under the schema of {name}")')
    for field in record.own_fields:
        reading.read(field.type, f"f_{field.name}", 1)
    arguments = ", ".join(f"{field.name}=f_{field.name}" for field in record.fields)
    lines.add(1, f"return {name}({arguments}), i")
    return lines.text()


class _Reading:
    def __init__(self, schemas: Schemas, lines: Lines) -> None:
        self._schemas = schemas
        self._lines = lines

    def read(self, kind: Type, into: str, depth: int) -> None:
        match kind:
            case Primitive("string"):
                self._string(into, depth)
            case Primitive("boolean"):
                self._add(depth, f"{into} = _BOOLEANS[b[i]]", "i += 1")
            case Primitive(name):
                self._add(depth, f"{into}, i = read_{name}(b, i)")
            case Array(items):
                self._blocks(items, into, depth, keyed=False)
            case Map(values) if values == SCALAR:
                self._add(depth, f"{into}, i = read_scalars(b, i)")
            case Map(values):
                self._blocks(values, into, depth, keyed=True)
            case Union(branches):
                self._union(kind, branches, into, depth)
            case Ref(name):
                self._named(self._schemas.named[name], into, depth)

    def _add(self, depth: int, *lines: str) -> None:
        self._lines.add(depth, *lines)

    def _string(self, into: str, depth: int) -> None:
        """Nearly every string is shorter than 64 bytes: its length is one even byte."""
        self._add(depth, "n = b[i]", "i += 1", "if n > 127 or n & 1:")
        self._add(depth + 1, "n, i = read_length(b, i - 1)")
        self._add(depth, "else:")
        self._add(depth + 1, "n >>= 1")
        self._add(depth, f"{into} = b[i : i + n].decode()", "i += n")

    def _named(self, item: Enum | Record, into: str, depth: int) -> None:
        if isinstance(item, Record):
            self._add(depth, f"{into}, i = _r_{item.class_name}(b, i)")
        elif len(item.symbols) <= ONE_BYTE_SYMBOLS:
            self._add(depth, f"{into} = _S_{item.class_name}[b[i]]", "i += 1")
        else:
            self._add(depth, "n, i = read_length(b, i)", f"{into} = _S_{item.class_name}[n << 1]")

    def _blocks(self, inner: Type, into: str, depth: int, *, keyed: bool) -> None:
        value, bag = self._lines.fresh(), self._lines.fresh()
        kind = annotation(self._schemas, inner)
        self._add(depth, f"{bag}: {f'dict[str, {kind}]' if keyed else f'list[{kind}]'} = {'{}' if keyed else '[]'}")
        self._add(depth, "while b[i]:")
        self._add(depth + 1, f"n, i = read_count(b, i, {self._schemas.least_bytes(inner) + keyed})")
        self._add(depth + 1, "for _ in range(n):")
        if keyed:
            key = self._lines.fresh()
            self.read(Primitive("string"), key, depth + 2)
        self.read(inner, value, depth + 2)
        self._add(depth + 2, f"{bag}[{key}] = {value}" if keyed else f"{bag}.append({value})")
        self._add(depth, "i += 1", f"{into} = {bag}" if keyed else f"{into} = tuple({bag})")

    def _union(self, kind: Union, branches: tuple[Type, ...], into: str, depth: int) -> None:
        if kind == SCALAR:
            self._add(depth, f"{into}, i = read_scalar(b, i)")
            return
        value = self._lines.fresh()
        self._add(depth, f"{into}: {annotation(self._schemas, kind)} = None", "n = b[i]", "i += 1", "if n == 2:")
        self.read(branches[1], value, depth + 1)
        self._add(depth + 1, f"{into} = {value}")
        self._add(depth, "elif n:")
        self._add(depth + 1, 'raise DecodeError("a branch that the union does not have")')
