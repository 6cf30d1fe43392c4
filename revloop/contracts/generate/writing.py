"""Writes writers: functions that append a record to a bytearray and refuse every value of another type."""

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
from revloop.contracts.generate.reading import ONE_BYTE_SYMBOLS


def write_envelope_writer() -> str:
    """Writer of the fields every event begins with."""
    lines = Lines()
    lines.add(0, "def _w_envelope(o: bytearray, r: Envelope) -> None:")
    lines.add(1, "if r.event_type != r.EVENT_TYPE:")
    lines.add(2, 'raise EncodeError(f"event_type is {r.event_type!r}, which is not the type of this class")')
    for name, kind in ENVELOPE.items():
        _Writing(Schemas(named={}, raw={}), lines).write(kind, f"r.{name}", 1)
    return lines.text()


def write_writer(schemas: Schemas, record: Record) -> str:
    """Writer of one record."""
    lines, name = Lines(), record.class_name
    writing = _Writing(schemas, lines)
    lines.add(0, f"def _w_{name}(o: bytearray, r: {name}) -> None:")
    lines.add(1, f"if type(r) is not {name}:")
    lines.add(2, f'raise EncodeError(f"{{type(r).__name__}} is no {name}")')
    if record.is_event:
        lines.add(1, "_w_envelope(o, r)")
    for field in record.own_fields:
        writing.write(field.type, f"r.{field.name}", 1)
    return lines.text()


class _Writing:
    def __init__(self, schemas: Schemas, lines: Lines) -> None:
        self._schemas = schemas
        self._lines = lines

    def write(self, kind: Type, value: str, depth: int) -> None:
        match kind:
            case Primitive("string"):
                self._string(value, depth)
            case Primitive(name):
                self._add(depth, f"write_{name}(o, {value})")
            case Array(items):
                self._array(items, value, depth)
            case Map(values) if values == SCALAR:
                self._add(depth, f"write_scalars(o, {value})")
            case Map(values):
                self._map(values, value, depth)
            case Union(branches):
                self._union(kind, branches, value, depth)
            case Ref(name):
                self._named(self._schemas.named[name], value, depth)

    def _add(self, depth: int, *lines: str) -> None:
        self._lines.add(depth, *lines)

    def _string(self, value: str, depth: int) -> None:
        self._add(depth, f"s = _utf8({value})", "n = len(s)", "if n < 64:")
        self._add(depth + 1, "o.append(n << 1)")
        self._add(depth, "else:")
        self._add(depth + 1, "write_long(o, n)")
        self._add(depth, "o += s")

    def _named(self, item: Enum | Record, value: str, depth: int) -> None:
        name = item.class_name
        if isinstance(item, Record):
            self._add(depth, f"_w_{name}(o, {value})")
            return
        self._add(depth, f"if type({value}) is not {name}:")
        self._add(depth + 1, f'raise EncodeError(f"{{{value}!r}} is no {name}")')
        one_byte = len(item.symbols) <= ONE_BYTE_SYMBOLS
        self._add(depth, f"o.append(_I_{name}[{value}])" if one_byte else f"write_long(o, _I_{name}[{value}] >> 1)")

    def _array(self, inner: Type, value: str, depth: int) -> None:
        bag, item = self._lines.fresh(), self._lines.fresh()
        self._add(depth, f"{bag} = {value}", f"if write_count(o, {bag}):")
        self._add(depth + 1, f"for {item} in {bag}:")
        self.write(inner, item, depth + 2)
        self._add(depth + 1, "o.append(0)")

    def _map(self, inner: Type, value: str, depth: int) -> None:
        bag, key = self._lines.fresh(), self._lines.fresh()
        self._add(depth, f"if {bag} := write_names(o, {value}):")
        self._add(depth + 1, f"for {key} in {bag}:")
        self.write(Primitive("string"), key, depth + 2)
        self.write(inner, f"{value}[{key}]", depth + 2)
        self._add(depth + 1, "o.append(0)")

    def _union(self, kind: Union, branches: tuple[Type, ...], value: str, depth: int) -> None:
        if kind == SCALAR:
            self._add(depth, f"write_scalar(o, {value})")
            return
        item = self._lines.fresh()
        self._add(depth, f"{item} = {value}", f"if {item} is None:")
        self._add(depth + 1, "o.append(0)")
        self._add(depth, "else:")
        self._add(depth + 1, "o.append(2)")
        self.write(branches[1], item, depth + 1)
