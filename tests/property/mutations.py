"""A body and a seeded chance come in; a damaged body goes out, the same for the same chance.

Half of the damage is done to the JSON (values of other types, keys dropped and renamed, deep nesting), so that it
gets past the decoder; the other half to its bytes.
"""

import copy
import json
import random
import re
from collections.abc import Callable, Iterator

Container = dict[str, object] | list[object]
Place = tuple[Container, str | int]

NESTED, DIGITS, LETTERS = "\ue000nested", "\ue000digits", "\ue000letters"
"""Stand for what the encoder of Python would not write; ``RAW`` is put in their place."""
RAW = {
    NESTED: [b"[" * depth + b"]" * depth for depth in (*(3, 200, 100_000) * 20, *range(880, 1000, 2))],
    DIGITS: [b"9" * 19, b"-" + b"9" * 20, b"1" * 310, b"9" * 4_299, b"9" * 5_000, b"1e308", b"-1e400", b"NaN", b"-0"],
    LETTERS: [b'"' + b"x" * length + b'"' for length in (1_024, 1_025, 70_000)],
}
TIMES = (
    "0000-00-00",
    "0001-01-01",
    "0001-01-01T00:00:00+23:59",
    "0999-12-31T00:00:00Z",
    "1969-12-31T23:59:59.999Z",
    "2023-02-29",
    "2018-W01-1",
    "20180101",
    "2018-03-01T25:00:00Z",
    "2018-03-01T00:00:00.1234567Z",
    "2018-03-01T00:00:00+05:00",
    "2018-03-01 00:00:00.000000",
    "9999-12-31",
    "9999-12-31T23:59:59",
    "9999-12-31T23:59:59.999-23:59",
    "9999-12-31T23:59:60Z",
    "20000-01-01T00:00:00Z",
    "-0044-03-15",
)
TIME = re.compile(r"\d{4}-\d\d-\d\d")
NUMERALS = ("", " ", "0", "-1", "NaN", "inf", "-Infinity", "1e999", "1_0", "٣", "²", "0x10", "9" * 25, "9" * 5_000)
TEXTS = (
    *NUMERALS,
    "true",
    "null",
    "\x00",
    "\ud800",
    "\udfff x",
    "a|b",
    "a%7Cb",
    "@",
    "://",
    "https://www./",
    "Europe",
    "../UTC",
    "Pacific Standard Time",
    "\U0001f4a5 \u202e",
    "deleted",
    "closed",
    "cancelled",
)
NUMBERS = (
    0,
    -1,
    1.5,
    -0.0,
    1e308,
    5e-324,
    2**31,
    2**53 + 1,
    2**63 - 1,
    2**63,
    -(2**63) - 1,
    2**64,
    10**30,
    -62_135_596_800,
    -62_135_596_800_001,
    253_402_300_799,
    253_402_300_800_000,
    1e18,
    float("nan"),
    float("-inf"),
)
OTHERS: tuple[object, ...] = (
    None,
    True,
    False,
    [],
    {},
    [[[]]],
    [None],
    [{}],
    [1, "1", None, {"id": 1}, ["x"]],
    {"id": {}},
    {"0": [{"a": "b"}]},
    {"type": [], "id": [1], "error": {}},
    list(range(60)),
    [str(number) for number in range(60)],
)


def mutated(chance: random.Random, body: bytes, other: bytes) -> bytes:
    """``body`` with one to four damages; ``other`` is a body to take pieces from."""
    parsed = _parsed(body)
    if parsed is not None and chance.random() < 0.85:
        for _ in range(chance.choice((1, 1, 2, 4))):
            chance.choice(IN_JSON)(chance, parsed)
        body = _dumped(chance, parsed)
        if chance.random() < 0.9:
            return body
    for _ in range(chance.choice((1, 1, 2))):
        body = chance.choice(IN_BYTES)(chance, body, other)
    return body


def _parsed(body: bytes) -> list[object] | None:
    """The body as the one item of a list, so that it is at a place, too; None where it is no JSON."""
    try:
        return [json.loads(body)]
    except (ValueError, RecursionError):
        return None


def _dumped(chance: random.Random, parsed: list[object]) -> bytes:
    body = json.dumps(parsed[0], ensure_ascii=chance.random() < 0.5).encode(errors="surrogatepass")
    for name, pieces in RAW.items():
        for written in (json.dumps(name).encode(), f'"{name}"'.encode()):
            if written in body:
                body = body.replace(written, chance.choice(pieces))
    return body


# --- in the JSON


def _places(value: object) -> Iterator[Place]:
    stack = [value]
    while stack:
        found = stack.pop()
        keys = found if isinstance(found, dict) else range(len(found)) if isinstance(found, list) else ()
        for key in keys:
            yield found, key  # type: ignore[misc]  # only containers have keys
            stack.append(found[key])  # type: ignore[index]  # as above


def _place(chance: random.Random, parsed: list[object]) -> Place:
    """Every depth has the same chance: the many values deep inside are not what decides how a body is read."""
    container: Container = parsed
    key: str | int = 0
    while isinstance(inner := container[key], dict | list) and inner and chance.random() < 0.8:  # type: ignore[index]
        container = inner
        key = chance.choice(list(inner)) if isinstance(inner, dict) else chance.randrange(len(inner))
    return container, key


def odd(chance: random.Random) -> object:
    """A value that hardly a vendor sends."""
    kind = chance.randrange(10)
    if kind < 3:
        return chance.choice(TIMES)
    if kind < 5:
        return chance.choice(NUMBERS)
    if kind < 7:
        return chance.choice(TEXTS)
    if kind == 7:
        return chance.choice(tuple(RAW))
    return copy.deepcopy(chance.choice(OTHERS))


def swap(chance: random.Random, parsed: list[object]) -> None:
    """A value of another type, or an odd one."""
    container, key = _place(chance, parsed)
    container[key] = odd(chance)  # type: ignore[index]  # the key is of the container


def _leaves(parsed: list[object]) -> list[Place]:
    return [(c, k) for c, k in _places(parsed) if not isinstance(c[k], dict | list)]  # type: ignore[index]


def swap_leaf(chance: random.Random, parsed: list[object]) -> None:
    """The same anywhere at the ends of the tree."""
    if leaves := _leaves(parsed):
        container, key = chance.choice(leaves)
        container[key] = odd(chance)  # type: ignore[index]


def swap_alike(chance: random.Random, parsed: list[object]) -> None:
    """An odd value of the kind that was there: it gets past what looks at the type alone."""
    for container, key in chance.choices(found, k=3) if (found := _leaves(parsed)) else ():
        container[key] = _alike(chance, container[key])  # type: ignore[index]


def _alike(chance: random.Random, value: object) -> object:
    if isinstance(value, bool) or value is None:
        return odd(chance)
    if isinstance(value, int | float):
        return chance.choice(NUMBERS)
    text = str(value)
    if TIME.match(text):
        return chance.choice(TIMES)
    return chance.choice(NUMERALS if text.strip("-").replace(".", "", 1).isdecimal() else TEXTS)


def drop(chance: random.Random, parsed: list[object]) -> None:
    """A key or an item is gone."""
    container, key = _place(chance, parsed)
    if container is not parsed:
        del container[key]  # type: ignore[arg-type]


def rename(chance: random.Random, parsed: list[object]) -> None:
    """A value under another name, at times one that stands for something."""
    container, key = _place(chance, parsed)
    if isinstance(container, dict):
        name = chance.choice([f"{key}s", str(key).upper(), "", "id", "error", "type", "items", *container])
        container[name] = container.pop(str(key))


def copy_over(chance: random.Random, parsed: list[object]) -> None:
    """One part of the body in the place of another."""
    container, key = _place(chance, parsed)
    source, name = _place(chance, parsed)
    container[key] = copy.deepcopy(source[name])  # type: ignore[index]


def repeat(chance: random.Random, parsed: list[object]) -> None:
    """A part twice in its list, or wrapped in lists."""
    container, key = _place(chance, parsed)
    if isinstance(container, list) and container is not parsed:
        container.append(copy.deepcopy(container[chance.randrange(len(container))]))
        return
    for _ in range(chance.choice((1, 2, 40))):
        container[key] = [container[key]] if chance.random() < 0.5 else {"id": container[key]}  # type: ignore[index]


IN_JSON: list[Callable[[random.Random, list[object]], None]] = [
    swap,
    swap,
    swap_leaf,
    swap_leaf,
    swap_alike,
    swap_alike,
    swap_alike,
    drop,
    rename,
    copy_over,
    repeat,
]


# --- in the bytes


def _span(chance: random.Random, data: bytes) -> tuple[int, int]:
    first, second = chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)
    return min(first, second), min(max(first, second), min(first, second) + 400)


def flip(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """Some bits are others."""
    out = bytearray(data)
    for _ in range(chance.randrange(1, 5) if out else 0):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def cut(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """The connection broke."""
    return data[: chance.randrange(len(data) + 1)]


def leave_out(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """A slice is gone."""
    begin, end = _span(chance, data)
    return data[:begin] + data[end:]


def duplicate(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """A slice comes twice."""
    begin, end = _span(chance, data)
    return data[:end] + data[begin:end] + data[end:]


def splice(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """The rest is that of another body."""
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


def renumber(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """A run of digits is another, wherever it stands: in a number, a time or an id."""
    runs = list(re.finditer(rb"\d+", data))
    if not runs:
        return data
    run = chance.choice(runs)
    digits = chance.choice([b"0", b"9" * len(run[0]), b"0" * len(run[0]), run[0] * 2, b"9" * 19, b"1" * 400])
    return data[: run.start()] + digits + data[run.end() :]


IN_BYTES: list[Callable[[random.Random, bytes, bytes], bytes]] = [
    flip,
    cut,
    leave_out,
    duplicate,
    splice,
    renumber,
    renumber,
]
