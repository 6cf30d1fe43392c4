"""A vendor's body and places in it come in; its lines go out, those that stand at a place marked."""

import json
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from rich.text import Text

Place = Sequence[str | int]
INDENT = "  "
MARK, NO_MARK = "> ", "  "


class Line(msgspec.Struct, frozen=True):
    """One line of a body."""

    text: str
    marked: bool


class _Literal(str):
    """A number as the vendor wrote it."""

    __slots__ = ()


def lines(body: str, places: Iterable[Place]) -> list[Line]:
    """JSON a value a line, each as the vendor wrote it; none for a body that is no JSON."""
    try:
        value = json.loads(body, parse_float=_Literal, parse_int=_Literal)
    except (ValueError, RecursionError):
        return []
    wanted = frozenset(tuple(place) for place in places)
    return list(_lines(value, "", "", wanted, at=(), inside=False, depth=0))


def shown(found: Line) -> Text:
    """A line for people: marked ones stand out with colours and without."""
    return Text(MARK, "bold yellow").append(found.text) if found.marked else Text(NO_MARK + found.text)


def _lines(
    value: object,
    before: str,
    after: str,
    wanted: frozenset[tuple[str | int, ...]],
    *,
    at: tuple[str | int, ...],
    inside: bool,
    depth: int,
) -> Iterator[Line]:
    """``before`` and ``after`` are what stands around the value on its first and last line."""
    marked, indent = inside or at in wanted, INDENT * depth
    parts: list[tuple[str | int, str, object]] = []
    if isinstance(value, dict):
        parts = [(name, f"{_text(name)}: ", one) for name, one in value.items()]
    elif isinstance(value, list):
        parts = [(number, "", one) for number, one in enumerate(value)]
    if not parts:
        yield Line(f"{indent}{before}{_text(value)}{after}", marked)
        return
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    yield Line(f"{indent}{before}{opening}", marked)
    for number, (key, label, one) in enumerate(parts, 1):
        comma = "," if number < len(parts) else ""
        yield from _lines(one, label, comma, wanted, at=(*at, key), inside=marked, depth=depth + 1)
    yield Line(f"{indent}{closing}{after}", marked)


def _text(value: object) -> str:
    return str(value) if isinstance(value, _Literal) else json.dumps(value, ensure_ascii=False)
