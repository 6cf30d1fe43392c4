"""Avro's primitive values as bytes, for every generated reader and writer; other values and other bytes are refused."""

import struct
from collections.abc import Mapping, Sequence

from revloop.contracts.failures import DecodeError, EncodeError

Scalar = bool | int | float | str | None
"""The union [null, boolean, long, double, string]: value of a field or a parameter."""

_read_d = struct.Struct("<d").unpack_from
_write_d = struct.Struct("<d").pack
_utf8 = str.encode
_MAX_LONG = (1 << 63) - 1
_MAX_INT = (1 << 31) - 1
_MOST_BITS = 256
_NULL, _BOOLEAN, _LONG, _DOUBLE, _STRING = 0, 2, 4, 6, 8  # branches of the scalar union as bytes


def read_long(data: bytes, at: int) -> tuple[int, int]:
    """A zig-zag varint of at most 64 bits and the position after it."""
    value = data[at]
    at += 1
    if value > 127:
        value &= 127
        shift = 7
        while True:
            byte = data[at]
            at += 1
            if byte < 128:
                break
            value |= (byte & 127) << shift
            shift += 7
            if shift > 63:
                raise DecodeError("a number of more than ten bytes")
        value |= byte << shift
        if value >> 64:
            raise DecodeError("a number of more than 64 bits")
    return (value >> 1) ^ -(value & 1), at


def write_long(out: bytearray, value: int) -> None:
    """Append ``value``; only whole numbers of 64 bits, no bool."""
    if type(value) is not int or not -_MAX_LONG - 1 <= value <= _MAX_LONG:
        raise EncodeError(f"{_shown(value)} is no long: a whole number of 64 bits")
    rest = (value << 1) ^ (value >> 63)
    if 1 << 35 <= rest < 1 << 42:  # six bytes: the times of this age
        out += bytes(
            (
                rest & 127 | 128,
                rest >> 7 & 127 | 128,
                rest >> 14 & 127 | 128,
                rest >> 21 & 127 | 128,
                rest >> 28 & 127 | 128,
                rest >> 35,
            )
        )
        return
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    out.append(rest)


def read_int(data: bytes, at: int) -> tuple[int, int]:
    """A long that fits 32 bits."""
    value, at = read_long(data, at)
    if not -_MAX_INT - 1 <= value <= _MAX_INT:
        raise DecodeError(f"{value} does not fit an int of 32 bits")
    return value, at


def write_int(out: bytearray, value: int) -> None:
    """Append ``value``; only whole numbers of 32 bits, no bool."""
    if type(value) is not int or not -_MAX_INT - 1 <= value <= _MAX_INT:
        raise EncodeError(f"{_shown(value)} is no int: a whole number of 32 bits")
    write_long(out, value)


def read_length(data: bytes, at: int) -> tuple[int, int]:
    """A long that says how many bytes follow; refused where there are not so many."""
    value, at = read_long(data, at)
    if not 0 <= value <= len(data) - at:
        raise DecodeError(f"a length of {value} in {len(data) - at} bytes")
    return value, at


def read_count(data: bytes, at: int, least_bytes: int) -> tuple[int, int]:
    """Items of a block that is not the last; refused when they cannot fit what is left, ``least_bytes`` each."""
    count, at = read_long(data, at)
    if count < 0:
        count = -count
        _, at = read_length(data, at)  # size in bytes, for readers that skip
    if not 0 < count <= (len(data) - at) // least_bytes:
        raise DecodeError(f"a block of {count} items in {len(data) - at} bytes")
    return count, at


def write_count(out: bytearray, items: Sequence[object]) -> bool:
    """Append how many items follow; whether any do. Only tuples and lists: a str is no sequence of strings here."""
    if not isinstance(items, (tuple, list)):
        raise EncodeError(f"{type(items).__name__} is no tuple")
    write_long(out, len(items))
    return len(items) > 0


def write_names(out: bytearray, values: Mapping[str, object]) -> list[str]:
    """Append how many entries follow, and give their names in the order in which to write them."""
    if type(values) is not dict:
        raise EncodeError(f"{type(values).__name__} is no dict")
    write_long(out, len(values))
    return sorted(values)


def read_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    """Length-prefixed bytes."""
    length, at = read_length(data, at)
    return data[at : at + length], at + length


def read_string(data: bytes, at: int) -> tuple[str, int]:
    """Length-prefixed UTF-8."""
    length, at = read_length(data, at)
    return data[at : at + length].decode(), at + length


def read_boolean(data: bytes, at: int) -> tuple[bool, int]:
    """One byte, 0 or 1."""
    if (byte := data[at]) > 1:
        raise DecodeError(f"{byte} is no boolean")
    return byte == 1, at + 1


def write_bytes(out: bytearray, value: bytes) -> None:
    """Append length and bytes."""
    if type(value) is not bytes:
        raise EncodeError(f"{type(value).__name__} is no bytes")
    write_long(out, len(value))
    out += value


def read_double(data: bytes, at: int) -> tuple[float, int]:
    """Eight bytes, little-endian; only finite numbers."""
    value: float = _read_d(data, at)[0]
    if value - value != 0.0:  # true for infinities and NaN alone
        raise DecodeError("a double that is not finite")
    return value, at + 8


def write_double(out: bytearray, value: float) -> None:
    """Append eight bytes; an int that a double holds exactly is taken, infinities and NaN are not: JSON has neither."""
    if type(value) is not float:
        value = _as_double(value)
    if value - value != 0.0:
        raise EncodeError(f"{value!r} is not finite")
    out += _write_d(value)


def _as_double(value: object) -> float:
    if type(value) is int and -(1 << 53) <= value <= 1 << 53:
        return float(value)
    raise EncodeError(f"{_shown(value)} is no double")


def _shown(value: object) -> str:
    """A value for a message: Python writes no whole number of more than 4,300 digits, and raises ValueError."""
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return f"a whole number of {value.bit_length()} bits"
    return repr(value)


def write_boolean(out: bytearray, value: bool) -> None:
    """Append one byte."""
    if value is not True and value is not False:
        raise EncodeError(f"{value!r} is no boolean")
    out.append(value)


def read_scalar(data: bytes, at: int) -> tuple[Scalar, int]:
    """A value of the scalar union."""
    branch = data[at]
    at += 1
    if branch == _STRING:
        return read_string(data, at)
    if branch == _NULL:
        return None, at
    if branch == _DOUBLE:
        return read_double(data, at)
    if branch == _LONG:
        return read_long(data, at)
    if branch == _BOOLEAN:
        return read_boolean(data, at)
    raise DecodeError("no such scalar")


def write_scalar(out: bytearray, value: Scalar) -> None:
    """Append branch and value by the value's own type: a bool is no long, a long is no double."""
    kind = type(value)
    if kind is str:
        text = _utf8(value)  # type: ignore[arg-type]  # kind says so
        out.append(_STRING)
        write_long(out, len(text))
        out += text
    elif value is None:
        out.append(_NULL)
    elif kind is float:
        out.append(_DOUBLE)
        write_double(out, value)  # type: ignore[arg-type]  # kind says so
    elif kind is int:
        out.append(_LONG)
        write_long(out, value)  # type: ignore[arg-type]  # kind says so
    elif kind is bool:
        out += b"\x02\x01" if value else b"\x02\x00"
    else:
        raise EncodeError(f"{value!r} is no scalar: null, boolean, long, double or string")


def read_scalars(data: bytes, at: int) -> tuple[dict[str, Scalar], int]:
    """A map of scalars; the fast way for short names and strings, which nearly all are."""
    values: dict[str, Scalar] = {}
    while data[at]:
        count, at = read_count(data, at, 2)
        for _ in range(count):
            length = data[at]
            if length > 127 or length & 1:
                length, at = read_length(data, at)
            else:
                length >>= 1
                at += 1
            name = data[at : at + length].decode()
            at += length
            if data[at] == _STRING and not (length := data[at + 1]) > 127 and not length & 1:
                at += 2
                end = at + (length >> 1)
                values[name] = data[at:end].decode()
                at = end
            else:
                values[name], at = read_scalar(data, at)
    return values, at + 1


def write_scalars(out: bytearray, values: dict[str, Scalar]) -> None:
    """Append a map of scalars in the order of its names."""
    names = write_names(out, values)
    for name in names:
        text = _utf8(name)
        length = len(text)
        if length < 64:
            out.append(length << 1)
        else:
            write_long(out, length)
        out += text
        value = values[name]
        if type(value) is str and len(text := _utf8(value)) < 64:
            out += _SHORT[len(text)]
            out += text
        else:
            write_scalar(out, value)
    if names:
        out.append(0)


_SHORT = tuple(bytes((_STRING, length << 1)) for length in range(64))
"""Branch and length of a short string."""
