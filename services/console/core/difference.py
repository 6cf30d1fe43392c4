"""States of an account come in, as they followed each other; what differs between first and last, and why, goes out."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from revloop.contracts.generated.events import AccountState, Finding, RecentChange
from revloop.contracts.times import iso

FULL_HEALTH = 100
SECTIONS = ("lifecycle", "commercial", "buying_group", "support", "usage", "meetings")

NAMES = frozenset({"entity", "signal_id"})
"""Say which record a figure is of; the figure beside says what changed."""
MOMENTS = (".at", "_at")


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """A state in a few words."""

    at: str
    """When it was published."""
    posture: str
    momentum: str
    health: int
    snapshot_id: str


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that came, went or weighs otherwise; the points of all of them add up to the change of health."""

    finding: str
    change: str
    points: int
    """After less before."""
    severity_before: str | None
    severity_after: str | None
    says: str
    rule_id: str
    signal_ids: tuple[str, ...]
    """Signals it rests on, those it rested on where it is gone."""


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of a section that differs."""

    what: str
    before: object
    after: object


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in between."""

    at: str
    what: str
    about: str
    detail: str
    event_id: str


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """From one moment to another."""

    account: str
    before: Moment | None
    """None where nothing was known of the account yet."""
    after: Moment
    health: int
    """After less before; an account of which nothing is known counts as 100."""
    findings: tuple[Moved, ...]
    sections: tuple[Shift, ...]
    happened: tuple[Happening, ...]
    """Oldest first."""


def difference(before: AccountState | None, between: Iterable[AccountState], after: AccountState) -> Difference:
    """From ``before`` to ``after``, the last of the states published in ``between``.

    Every state names the last twenty things that happened: those of all states in between are what happened.
    """
    return Difference(
        account=after.account_id,
        before=None if before is None else _moment(before),
        after=_moment(after),
        health=after.health - (FULL_HEALTH if before is None else before.health),
        findings=tuple(_moved(before, after)),
        sections=tuple(_shifts(before, after)),
        happened=tuple(_happened(before, between)),
    )


def _moment(state: AccountState) -> Moment:
    return Moment(
        at=iso(state.observed_at),
        posture=state.posture.value,
        momentum=state.momentum.value,
        health=state.health,
        snapshot_id=state.snapshot_id,
    )


def _moved(before: AccountState | None, after: AccountState) -> Iterator[Moved]:
    old, new = _findings(before), _findings(after)
    for name in sorted(old.keys() | new.keys(), key=lambda name: (_delta(old, new, name), name)):
        was, now = old.get(name), new.get(name)
        told = now or was
        if told is None or (was is not None and now is not None and _weight(was) == _weight(now)):
            continue
        yield Moved(
            finding=name,
            change="appeared" if was is None else "gone" if now is None else "changed",
            points=_delta(old, new, name),
            severity_before=was.severity.value if was else None,
            severity_after=now.severity.value if now else None,
            says=told.says,
            rule_id=told.rule_id,
            signal_ids=told.signal_ids,
        )


def _findings(state: AccountState | None) -> Mapping[str, Finding]:
    if state is None:
        return {}
    return {one.finding: one for one in (*state.risks, *state.opportunities, *state.unknowns)}


def _delta(old: Mapping[str, Finding], new: Mapping[str, Finding], name: str) -> int:
    return (new[name].points if name in new else 0) - (old[name].points if name in old else 0)


def _weight(one: Finding) -> tuple[object, ...]:
    return (one.severity, one.points, one.signal_ids, one.signal_count, one.rule_id)


def _shifts(before: AccountState | None, after: AccountState) -> Iterator[Shift]:
    old, new = _figures(before), _figures(after)
    for what in sorted(old.keys() | new.keys()):
        if old.get(what) != new.get(what):
            yield Shift(what=what, before=old.get(what), after=new.get(what))


def _figures(state: AccountState | None) -> Mapping[str, object]:
    """Numbers, moments and words of the sections by their path; lists are told by what happened to their records."""
    if state is None:
        return {}
    found: dict[str, object] = {}
    parts = msgspec.structs.asdict(state)
    for section in SECTIONS:
        _flatten(section, msgspec.to_builtins(parts[section]), found)
    return found


def _flatten(path: str, value: object, found: dict[str, object]) -> None:
    match value:
        case None | list() | tuple():
            return
        case dict():
            for name, inner in value.items():
                if name not in NAMES:
                    _flatten(f"{path}.{name}", inner, found)
        case int() if path.endswith(MOMENTS):
            found[path] = iso(value)
        case _:
            found[path] = value


def _happened(before: AccountState | None, between: Iterable[AccountState]) -> Iterator[Happening]:
    known = {change.event_id for change in before.recent_changes} if before is not None else set()
    fresh: dict[str, RecentChange] = {}
    for state in between:
        for change in reversed(state.recent_changes):
            if change.event_id not in known:
                fresh.setdefault(change.event_id, change)
    for change in fresh.values():
        about = f"{change.entity.entity_type} {change.entity.entity_key}"
        yield Happening(
            at=iso(change.at), what=change.what, about=about, detail=change.detail, event_id=change.event_id
        )
