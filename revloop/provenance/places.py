"""A vendor's body and the number of one of its items come in; for each field, where in the body it was read, goes out.

No vendor tells where its normaliser looked, and many fields are worked out (a state from a word, a moment from a time
and its zone). So the normaliser is asked again: a field was read where the body, emptied there, gives another value.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from revloop.contracts.failures import Reject
from revloop.integrations.reading import Plan
from revloop.integrations.record import DELETED, Item, Json, Normaliser, decode

Place = tuple[str | int, ...]
"""Steps into the body: names of an object, numbers of a list."""
Holder = dict[str, Json] | list[Json]
UNREADABLE = "unreadable"


class Origin(msgspec.Struct, frozen=True):
    """Where one field of a record comes from."""

    path: str
    """As the mapping says it, within the vendor's object; empty for what no mapping says."""
    places: tuple[Place, ...]
    """Within the body, in its order; none for what the vendor left out."""


def origins(
    normaliser: Normaliser, resource: str, body: bytes, item: int, objects: Mapping[str, Plan]
) -> Mapping[str, Origin]:
    """By normalised field; empty where the body has no such item that can be read."""
    try:
        probe = _Probe(normaliser, resource, decode(body), item, objects)
    except (Reject, IndexError):
        return {}
    probe.look()
    paths = probe.plan.mapping.fields
    names = dict.fromkeys((*paths, *probe.places))
    return {name: Origin(paths.get(name, ""), tuple(sorted(probe.places.get(name, ()), key=str))) for name in names}


class _Probe:
    """Empties the body part by part and looks what that changes; what changes nothing stays empty."""

    def __init__(
        self, normaliser: Normaliser, resource: str, body: Json, item: int, objects: Mapping[str, Plan]
    ) -> None:
        self._normaliser, self._resource, self._item = normaliser, resource, item
        self._body: list[Json] = [body]
        found = self._read()
        if isinstance(found, Reject):
            raise found
        plan = objects.get(found.object) or objects.get(found.fallback)
        if plan is None:
            raise Reject("unmapped_object", "The object is in no mapping of the tenant's any more.")
        self.plan = plan
        self._told = self._values(found)
        self.places: dict[str, list[Place]] = {}

    def _read(self) -> Item | Reject:
        return self._normaliser.items(self._resource, self._body[0])[self._item]

    def look(self) -> None:
        """Fill ``places``."""
        self._among(self._body, (0,), ())

    def _values(self, item: Item) -> Mapping[str, object]:
        """Each field as the vendor has it."""
        values: dict[str, object] = {DELETED: item.deleted}
        for name, get, _, told in self.plan.each:
            try:
                values[name] = (told(item.raw) if item.partial else True, get(item.raw))
            except Reject:
                values[name] = UNREADABLE
        return values

    def _changed(self) -> frozenset[str] | None:
        """Fields that are no longer as they were; None where the item cannot be read any more."""
        try:
            found = self._read()
        except (Reject, IndexError):
            return None
        if isinstance(found, Reject):
            return None
        now = self._values(found)
        return frozenset(name for name, value in self._told.items() if now[name] != value)

    def _among(self, holder: Holder, keys: Sequence[str | int], at: Place) -> frozenset[str]:
        """Fields that are read from these parts of ``holder``, which stands at ``at``."""
        kept = [_get(holder, key) for key in keys]
        for key in keys:
            _put(holder, key, None)
        changed = self._changed()
        if changed is not None and not changed:
            return changed
        for key, value in zip(keys, kept, strict=True):
            _put(holder, key, value)
        if len(keys) == 1:
            place = at if holder is self._body else (*at, keys[0])
            return self._in(holder, keys[0], place, changed)
        half = len(keys) // 2
        return self._among(holder, keys[:half], at) | self._among(holder, keys[half:], at)

    def _in(self, holder: Holder, key: str | int, at: Place, changed: frozenset[str] | None) -> frozenset[str]:
        value = _get(holder, key)
        inner: frozenset[str] = frozenset()
        if isinstance(value, dict | list):
            if keys := [name for name in _keys(value) if _get(value, name) is not None]:
                inner = self._among(value, keys, at)
        elif changed is None:  # without it there is no record, so it is made another: ids are fields, too
            _put(holder, key, _another(value))
            changed = self._changed()
            _put(holder, key, value)
        own = (changed or frozenset()) - inner
        for name in own:
            self.places.setdefault(name, []).append(at)
        return inner | own


def _keys(holder: Holder) -> Iterable[str | int]:
    return list(holder) if isinstance(holder, dict) else range(len(holder))


def _get(holder: Holder, key: str | int) -> Json:
    return holder[str(key)] if isinstance(holder, dict) else holder[int(key)]


def _put(holder: Holder, key: str | int, value: Json) -> None:
    if isinstance(holder, dict):
        holder[str(key)] = value
    else:
        holder[int(key)] = value


def _another(value: Json) -> Json:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case _:
            return f"{value}0"
