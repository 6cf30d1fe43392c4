"""An account's usage comes in; its last 30 days and the 90 days before go out, as signals of usage compare them."""

import msgspec

from revloop.contracts.generated.events import AccountView
from revloop.contracts.times import DAY_MS
from revloop.tenants import Profile, UsageQuantity

RECENT_DAYS, LOOK_BACK_DAYS = 30, 120


class Windows(msgspec.Struct, frozen=True):
    """Usage in (T - 30 d, T] and in (T - 120 d, T - 30 d], T the last midnight."""

    recent: float
    before: float
    comparable: bool
    """Whether there was enough before, and the account is old enough."""
    next_at: int | None
    """When a day passes from one window into the next."""


def windows(view: AccountView, profile: Profile, as_of: int) -> Windows:
    """As of the last midnight at or before ``as_of``."""
    today = as_of // DAY_MS
    settings = profile.signals
    summed = settings.usage_quantity is UsageQuantity.SUM
    recent = before = 0.0
    events = 0
    passes: list[int] = []
    for name, used in view.usage.items():
        day = int(name)
        amount = used.amount if summed else float(used.events)
        age = today - day
        if age < 0:
            passes.append(day)
        elif age < RECENT_DAYS:
            recent += amount
            passes.append(day + RECENT_DAYS)
        elif age < LOOK_BACK_DAYS:
            before += amount
            events += used.events
            passes.append(day + LOOK_BACK_DAYS)
    of_age, comes_of_age = _age(view, settings.usage_min_account_age_days, today)
    passes += comes_of_age
    comparable = of_age and events >= settings.usage_min_events and before > 0
    return Windows(recent, before, comparable, min(passes) * DAY_MS if passes else None)


def _age(view: AccountView, least_days: int, today: int) -> tuple[bool, list[int]]:
    """Whether the account is old enough to be compared, and the day on which it will be; one of unknown age is not."""
    if not least_days:
        return True, []
    if view.created is None:
        return False, []
    day = -(-view.created // DAY_MS) + least_days
    return day <= today, [day] if day > today else []
