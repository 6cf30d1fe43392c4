"""Support cases: how many were opened on each day, how many of them wait, and how many of those are severe."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from revloop.contracts.generated.events import AccountView, CaseDay
from revloop.contracts.times import DAY_MS, parse_iso
from revloop.tenants import Profile, SignalSettings
from services.perception.core.detector import Fields
from services.perception.core.facets.change import Change, day_of

DONE = "done"


class Load(msgspec.Struct, frozen=True):
    """What an account's cases come to at a midnight."""

    severe: int
    """Waiting, and severe."""
    aged: int
    """Waiting for a week or more."""
    lately: int
    """Opened within the last two weeks."""
    before: int
    """Opened in the two weeks before."""
    next_at: int | None
    """When a day passes from one window into the next."""


def is_done(fields: Fields) -> bool:
    """Whether a case waits no more; a desk without categories tells by the moment at which it was resolved."""
    category = fields.get("status_category")
    return category == DONE or (category is None and fields.get("resolved") is not None)


def take(view: AccountView, change: Change) -> AccountView:
    """Count a case as it is now, and no more as it was."""
    was = _counted(change.before, change.profile)
    now = None if change.gone else _counted(change.snapshot.fields, change.profile)
    if was == now:
        return view
    cases: dict[str, CaseDay] = dict(view.cases)
    for counted, sign in ((was, -1), (now, 1)):
        if counted is not None:
            _add(cases, counted, sign)
    return replace(view, cases=cases)


def load(view: AccountView, settings: SignalSettings, as_of: int) -> Load:
    """As of the last midnight; what was opened since counts as opened lately."""
    today, days = as_of // DAY_MS, settings.support_risk_volume_days
    severe = aged = lately = before = 0
    passes: list[int] = []
    for name, day in view.cases.items():
        age = today - int(name)
        severe += day.severe
        if day.waiting:
            aged += day.waiting if age >= settings.support_risk_aged_days else 0
            passes.append(int(name) + settings.support_risk_aged_days)
        if age < 2 * days:
            lately += day.opened if age < days else 0
            before += day.opened if age >= days else 0
            passes += [int(name) + days, int(name) + 2 * days]
    to_come = [day * DAY_MS for day in passes if day > today]
    return Load(severe, aged, lately, before, min(to_come, default=None))


def forget(view: AccountView, profile: Profile, now: int) -> AccountView:
    """Let go of days whose cases are all done and that no window sees."""
    first = now // DAY_MS - 2 * profile.signals.support_risk_volume_days
    kept = {name: day for name, day in view.cases.items() if day.waiting or int(name) > first}
    return view if len(kept) == len(view.cases) else replace(view, cases=kept)


def _counted(fields: Fields | None, profile: Profile) -> tuple[str, bool, bool] | None:
    """Day, whether it waits, and whether it is severe as well."""
    created = fields.get("created") if fields is not None else None
    if fields is None or not isinstance(created, str):
        return None
    waits = not is_done(fields)
    severe = str(fields.get("priority")) in profile.signals.severe_priorities
    return str(day_of(parse_iso(created))), waits, waits and severe


def _add(cases: dict[str, CaseDay], counted: tuple[str, bool, bool], sign: int) -> None:
    name, waits, severe = counted
    known: Mapping[str, int] = msgspec.structs.asdict(cases[name]) if name in cases else {}
    day = CaseDay(
        opened=known.get("opened", 0) + sign,
        waiting=known.get("waiting", 0) + sign * waits,
        severe=known.get("severe", 0) + sign * severe,
    )
    if day.opened > 0:
        cases[name] = day
    else:
        cases.pop(name, None)
