"""Avro's primitive values as bytes: what every generated reader and writer stands on."""

import struct

from revloop.contracts.failures import DecodeError, EncodeError

_read_d = struct.Struct("<d").unpack_from
_write_d = struct.Struct("<d").pack
_INFINITY = float("inf")
_MAX_LONG = (1 << 63) - 1
Scalar = bool | int | float | str | None


def read_long(data: bytes, at: int) -> tuple[int, int]:
    """A zig-zag varint and the position after it."""
    byte = data[at]
    at += 1
    value, shift = byte & 127, 7
    while byte > 127:
        if shift > 63:
            raise DecodeError("a long of more than ten bytes")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
    if value >> 64:
        raise DecodeError("a long of more than 64 bits")
    return (value >> 1) ^ -(value & 1), at


def write_long(out: bytearray, value: int) -> None:
    """Append ``value``; only whole numbers of 64 bits."""
    if type(value) is not int or not -_MAX_LONG - 1 <= value <= _MAX_LONG:
        raise EncodeError(f"{value!r} is no long")
    rest = (value << 1) ^ (value >> 63)
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    out.append(rest)


def read_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    """Length-prefixed bytes."""
    length, at = read_long(data, at)
    end = at + length
    if length < 0 or end > len(data):
        raise DecodeError("cut short")
    return data[at:end], end


def write_bytes(out: bytearray, value: bytes) -> None:
    """Append length and bytes."""
    if type(value) is not bytes:
        raise EncodeError(f"{type(value).__name__} is no bytes")
    write_long(out, len(value))
    out += value


def read_string(data: bytes, at: int) -> tuple[str, int]:
    """Length-prefixed UTF-8."""
    length = data[at]
    if length < 128:  # nearly every string is shorter than 64 bytes
        at += 1
        length = (length >> 1) ^ -(length & 1)
    else:
        length, at = read_long(data, at)
    end = at + length
    if length < 0 or end > len(data):
        raise DecodeError("cut short")
    return data[at:end].decode(), end


def write_string(out: bytearray, value: str) -> None:
    """Append length and UTF-8."""
    data = value.encode()
    length = len(data)
    if length < 64:
        out.append(length << 1)
    else:
        write_long(out, length)
    out += data


def read_double(data: bytes, at: int) -> tuple[float, int]:
    """Eight bytes, little-endian; only finite numbers."""
    value: float = _read_d(data, at)[0]
    if value - value != 0.0:  # true for infinities and NaN alone
        raise DecodeError("a double that is not finite")
    return value, at + 8


def write_double(out: bytearray, value: float) -> None:
    """Append eight bytes; an int is taken as a double, an infinity or NaN is refused: JSON has no word for it."""
    if type(value) is not float and type(value) is not int:
        raise EncodeError(f"{value!r} is no double")
    if not -_INFINITY < value < _INFINITY:
        raise EncodeError(f"{value!r} is not finite")
    out += _write_d(value)


def write_boolean(out: bytearray, value: bool) -> None:
    """Append one byte."""
    if value is not True and value is not False:
        raise EncodeError(f"{value!r} is no boolean")
    out.append(value)


def read_scalar(data: bytes, at: int) -> tuple[Scalar, int]:
    """A value of the union [null, boolean, long, double, string]."""
    branch = data[at]
    at += 1
    if branch == 8:
        return read_string(data, at)
    if branch == 0:
        return None, at
    if branch == 6:
        return read_double(data, at)
    if branch == 4:
        return read_long(data, at)
    if branch == 2 and data[at] < 2:
        return data[at] == 1, at + 1
    raise DecodeError("no such scalar")


def write_scalar(out: bytearray, value: Scalar) -> None:
    """Append branch and value by the value's own type: a bool is no long, a long is no double."""
    kind = type(value)
    if kind is str:
        out.append(8)
        write_string(out, value)  # type: ignore[arg-type]  # kind says so
    elif value is None:
        out.append(0)
    elif kind is float:
        out.append(6)
        write_double(out, value)  # type: ignore[arg-type]  # kind says so
    elif kind is int:
        out.append(4)
        write_long(out, value)  # type: ignore[arg-type]  # kind says so
    elif kind is bool:
        out += b"\x02\x01" if value else b"\x02\x00"
    else:
        raise EncodeError(f"{value!r} is no scalar")
