"""Paths into vendor records, as profiles write them (``a.b.0.c``, ``a.*.b | count``), come in; readers go out.

``a.b`` goes into objects, a number into a list, ``*`` over all items of a list. After ``|`` come functions, each on the
value so far. What is missing on the way is null, and null stays null unless a function says otherwise.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from math import isfinite

from revloop.contracts.failures import Reject, RevloopError
from revloop.contracts.ids import canonical
from revloop.contracts.times import SECOND_MS, iso
from revloop.integrations.record import Json, epoch_ms, moment, shown

Reader = Callable[[Json], Json]
Function = Callable[[Json], Json]
FIRST_MILLISECONDS = 100_000_000_000
"""A Unix time as large as this is one of milliseconds: in seconds it would lie in the year 5138."""

LONGEST_TIME = 20
"""Digits of a Unix time as text: longer ones are no time, and Python reads no number of more than 4,300 digits."""


class BadPath(RevloopError):
    """A path that cannot be read; the message names it and says what is known."""


def columns(path: str) -> str:
    """The path without its functions: what a query must ask for."""
    return path.split("|", 1)[0].strip()


@lru_cache(maxsize=4096)
def reader(path: str, own_domains: tuple[str, ...] = ()) -> Reader:
    """A function that reads ``path`` from a record; raises BadPath for a function that is not known."""
    where, *names = (part.strip() for part in path.split("|"))
    functions = [_function(path, name, own_domains) for name in names]
    get = _getter(where)
    if not functions:
        return get

    def read(record: Json) -> Json:
        value = get(record)
        for function in functions:
            value = function(value)
        return value

    return read


def is_told(path: str) -> Callable[[Json], bool]:
    """Whether a record says anything of ``path``, be it null: its last name is there."""
    *before, last = columns(path).split(".")
    get = _getter(".".join(before)) if before else None

    def told(record: Json) -> bool:
        value = get(record) if get else record
        return isinstance(value, dict) and last in value

    return told


def _getter(where: str) -> Reader:
    if not where:
        return lambda record: record
    steps: list[str | int] = [int(part) if part.isdecimal() and part.isascii() else part for part in where.split(".")]
    if len(steps) == 1 and isinstance(steps[0], str) and steps[0] != "*":
        name = steps[0]
        return lambda record: record.get(name) if isinstance(record, dict) else None
    if all(isinstance(step, str) and step != "*" for step in steps):
        return _through([str(step) for step in steps])
    return lambda record: _walk(record, steps, 0)


def _through(names: Sequence[str]) -> Reader:
    def reach(record: Json) -> Json:
        for name in names:
            if not isinstance(record, dict):
                return None
            record = record.get(name)
        return record

    return reach


def _walk(value: Json, steps: Sequence[str | int], at: int) -> Json:
    for place in range(at, len(steps)):
        step = steps[place]
        if step == "*" and not isinstance(value, dict):
            return _each(value, steps, place + 1)
        if isinstance(value, dict):
            value = value.get(str(step))
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _each(value: Json, steps: Sequence[str | int], at: int) -> Json:
    if not isinstance(value, list):
        return None
    found = (_walk(item, steps, at) for item in value)
    return [item for item in found if item is not None]


# --- functions


def _function(path: str, name: str, own_domains: tuple[str, ...]) -> Function:
    if name == "external":
        own = frozenset(own_domains)
        return lambda value: _over(value, lambda one: None if _domain(one) in own else one)
    found = FUNCTIONS.get(name)
    if found is None:
        known = ", ".join(sorted([*FUNCTIONS, "external"]))
        raise BadPath(f"{path!r}: no function {name!r}; there are {known}")
    return found


def _over(value: Json, function: Function) -> Json:
    """On a value, or on every item of a list; null items are left out."""
    if isinstance(value, list):
        return [found for item in value if (found := function(item)) is not None]
    return None if value is None else function(value)


def _each_text(function: Callable[[str], Json]) -> Function:
    def one(value: Json) -> Json:
        if not isinstance(value, str):
            raise Reject("wrong_type", f"{shown(value)} is no text: mend it at the source, or map another path.")
        return function(value)

    return lambda value: _over(value, one)


def _list(value: Json) -> list[Json]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _repeats(value: Json) -> Json:
    items = _list(value)
    return len(items) - len({canonical(item) for item in items})  # objects have no hash; looking through all is slow


def _total(value: Json) -> Json:
    total = 0.0
    for item in _list(value):
        if isinstance(item, bool) or not isinstance(item, int | float):
            raise Reject("wrong_type", f"{shown(item)} is no number, so there is no sum: mend it at the source.")
        try:
            total += item
        except OverflowError as error:
            raise _too_large("The sum") from error
    if not isfinite(total):
        raise _too_large("The sum")
    return total


def _too_large(what: str) -> Reject:
    return Reject("wrong_type", f"{what} is no number that a double can hold: mend it at the source.")


def _number(text: str) -> Json:
    if not text:
        return None  # vendors that write everything as text write nothing for null
    try:
        found = float(text)
    except ValueError as error:
        raise Reject("wrong_type", f"{shown(text)} is no number: mend it at the source.") from error
    if not isfinite(found):  # Python takes "nan", "inf" and "1e999" for numbers, JSON and our events do not
        raise _too_large(shown(text))
    return found


def _flag(text: str) -> Json:
    if text not in ("", "true", "false"):
        raise Reject("wrong_type", f"{shown(text)} is neither true nor false: mend it at the source.")
    return text == "true" if text else None


def _day(text: str) -> Json:
    return iso(moment("day", text))[:10] if text else None


def _day_after(text: str) -> Json:
    try:
        return (date.fromisoformat(text[:10]) + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError) as error:
        raise Reject("wrong_type", f"{shown(text)} is no day (YYYY-MM-DD): mend it at the source.") from error


def _unix(value: Json) -> Json:
    if isinstance(value, str) and value.isdecimal() and len(value) < LONGEST_TIME:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < FIRST_MILLISECONDS:
        value *= SECOND_MS
    return iso(epoch_ms("time", value))


def _text(value: Json) -> Json:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise Reject("wrong_type", f"{shown(value)} is neither text nor a whole number: map another path.")
    return str(value)


def _domain(value: Json) -> Json:
    """Of a mail address, or of a site: ``https://www.acme.example/en`` is ``acme.example``."""
    if not isinstance(value, str):
        return None
    host = value.rpartition("@")[2].rpartition("://")[2].split("/", 1)[0].split(":", 1)[0]
    return host.strip().lower().removeprefix("www.") or None


def _join(value: Json) -> Json:
    """The items as text, sorted, one blank between two: the order in which a vendor lists them is no content."""
    return " ".join(sorted({str(_text(item)) for item in _list(value) if item is not None})) or None


FUNCTIONS: Mapping[str, Function] = {
    "count": lambda value: len(_list(value)),
    "repeats": _repeats,
    "sum": _total,
    "first": lambda value: next(iter(_list(value)), None),
    "last": lambda value: next(reversed(_list(value)), None),
    "join": _join,
    "present": lambda value: value not in (None, "", []),
    "not": lambda value: None if value is None else not value,
    "text": lambda value: _over(value, _text),
    "lower": _each_text(str.lower),
    "number": _each_text(_number),
    "flag": _each_text(_flag),
    "day": _each_text(_day),
    "day_after": _each_text(_day_after),
    "unix": lambda value: _over(value, _unix),
    "domain": lambda value: _over(value, _domain),
    "first_label": _each_text(lambda text: text.split(".", 1)[0] or None),
}
"""By name; ``external`` is the one more: it drops mail addresses and domains of the tenant's own."""
