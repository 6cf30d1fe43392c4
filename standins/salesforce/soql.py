"""A text of SOQL comes in, a ``Query`` goes out; what the subset lacks is refused as MALFORMED_QUERY."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from standins.salesforce.answers import Refused
from standins.salesforce.clock import parse_datetime

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>'(?:[^'\\]|\\.)*')
    |(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    |(?P<date>\d{4}-\d\d-\d\d)
    |(?P<number>[+-]?\d+(?:\.\d+)?)
    |(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    |(?P<symbol><=|>=|!=|<>|[=<>(),]))""",
    re.VERBOSE | re.DOTALL,
)
Item = TypeVar("Item")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_COMPARISONS = {"=", "!=", "<>", "<", "<=", ">", ">="}
_KEYWORDS = frozenset(("SELECT", "FROM", "WHERE", "AND", "ORDER", "BY", "LIMIT", "NULLS", "IN", "NOT", "LIKE"))


@dataclass(frozen=True, slots=True)
class Moment:
    """A datetime literal, in milliseconds since the epoch."""

    at_ms: int


Literal = str | int | float | bool | date | Moment | None
Path = tuple[str, ...]
"""A field path: ``("Account", "Name")`` for ``Account.Name``."""


@dataclass(frozen=True, slots=True)
class Condition:
    """``path operator literals``; only IN and NOT IN have other than one literal."""

    path: Path
    operator: str
    literals: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """One ORDER BY item."""

    path: Path
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """``SELECT fields FROM object WHERE conditions ORDER BY orders LIMIT limit``; the conditions are joined by AND."""

    fields: tuple[Path, ...]
    object: str
    conditions: tuple[Condition, ...] = ()
    orders: tuple[Order, ...] = ()
    limit: int | None = None


def parse(soql: str) -> Query:
    """The query in ``soql``; Refused (400 MALFORMED_QUERY) names the first token that does not fit."""
    return _Parser(soql).query()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def _tokens(soql: str) -> Iterator[_Token]:
    position, end = 0, len(soql.rstrip())
    while position < end:
        found = _TOKEN.match(soql, position)
        if found is None or found.lastgroup is None:
            raise _malformed(f"unexpected character at {position}: {soql[position : position + 20]!r}")
        yield _Token(found.lastgroup, found.group(found.lastgroup))
        position = found.end()


def _malformed(message: str) -> Refused:
    return Refused(400, "MALFORMED_QUERY", message)


class _Parser:
    def __init__(self, soql: str) -> None:
        self._tokens = list(_tokens(soql))
        self._next = 0

    def query(self) -> Query:
        self._expect("SELECT")
        fields = self._list_of(self._path)
        self._expect("FROM")
        sobject = ".".join(self._path())
        conditions = self._conditions() if self._take("WHERE") else ()
        orders = self._orders() if self._take("ORDER") else ()
        limit = self._limit() if self._take("LIMIT") else None
        if self._next < len(self._tokens):
            raise self._unexpected()
        return Query(fields=fields, object=sobject, conditions=conditions, orders=orders, limit=limit)

    def _conditions(self) -> tuple[Condition, ...]:
        found = [self._condition()]
        while self._take("AND"):
            found.append(self._condition())
        return tuple(found)

    def _condition(self) -> Condition:
        path = self._path()
        if self._take("NOT"):
            self._expect("IN")
            return Condition(path, "NOT IN", self._literals())
        if self._take("IN"):
            return Condition(path, "IN", self._literals())
        if self._take("LIKE"):
            return Condition(path, "LIKE", (self._literal(),))
        if self._peek().text not in _COMPARISONS:
            raise self._unexpected()
        operator = self._advance().text
        return Condition(path, "!=" if operator == "<>" else operator, (self._literal(),))

    def _orders(self) -> tuple[Order, ...]:
        self._expect("BY")
        return self._list_of(self._order)

    def _order(self) -> Order:
        path = self._path()
        descending = self._take("DESC")
        if not descending:
            self._take("ASC")
        nulls_last = False
        if self._take("NULLS"):
            nulls_last = self._take("LAST")
            if not nulls_last:
                self._expect("FIRST")
        return Order(path, descending, nulls_last)

    def _limit(self) -> int:
        token = self._advance()
        if token.kind != "number" or not token.text.isdigit():
            raise _malformed(f"LIMIT takes a whole number, not {token.text!r}")
        return int(token.text)

    def _literals(self) -> tuple[Literal, ...]:
        self._expect("(")
        found = self._list_of(self._literal)
        self._expect(")")
        return found

    def _literal(self) -> Literal:
        token = self._advance()
        if token.kind == "name":
            return _word(token)
        try:
            return _value(token)
        except ValueError as error:
            raise _malformed(f"{token.text!r} is not a literal: {error}") from error

    def _path(self) -> Path:
        token = self._peek()
        if token.kind != "name" or token.text.upper() in _KEYWORDS:
            raise self._unexpected()
        return tuple(self._advance().text.split("."))

    def _list_of(self, one: Callable[[], Item]) -> tuple[Item, ...]:
        found = [one()]
        while self._take(","):
            found.append(one())
        return tuple(found)

    def _peek(self) -> _Token:
        return self._tokens[self._next] if self._next < len(self._tokens) else _Token("end", "<EOF>")

    def _advance(self) -> _Token:
        token = self._peek()
        if token.kind == "end":
            raise self._unexpected()
        self._next += 1
        return token

    def _take(self, word: str) -> bool:
        token = self._peek()
        if token.kind not in ("name", "symbol") or token.text.upper() != word:
            return False
        self._next += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise _malformed(f"unexpected token: {self._peek().text} (expected {word})")

    def _unexpected(self) -> Refused:
        return _malformed(f"unexpected token: {self._peek().text}")


def _word(token: _Token) -> Literal:
    words: dict[str, Literal] = {"true": True, "false": False, "null": None}
    if token.text.lower() not in words:
        raise _malformed(f"unexpected token: {token.text} (texts need single quotes)")
    return words[token.text.lower()]


def _value(token: _Token) -> Literal:
    match token.kind:
        case "string":
            return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), token.text[1:-1], flags=re.DOTALL)
        case "number":
            return float(token.text) if "." in token.text else int(token.text)
        case "date":
            return date.fromisoformat(token.text)
        case "datetime":
            return Moment(parse_datetime(token.text))
        case _:
            raise ValueError("a literal is needed here")
