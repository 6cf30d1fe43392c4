"""Usage by day; its last 30 days and the 90 days before go out, as signals of usage compare them."""

import msgspec
from msgspec.structs import replace

from revloop.contracts.generated.events import AccountView, UsageDay
from revloop.contracts.times import DAY_MS
from revloop.tenants import Profile, UsageQuantity
from services.perception.core.detector import Figure, Finding
from services.perception.core.facets.change import Change, day_of, with_entry

RECENT_DAYS, LOOK_BACK_DAYS = 30, 120
KEPT_DAYS = LOOK_BACK_DAYS + 1


class Windows(msgspec.Struct, frozen=True):
    """Usage in (T - 30 d, T] and in (T - 120 d, T - 30 d], T the last midnight."""

    recent: float
    before: float
    comparable: bool
    """Whether there was enough before, and the account is old enough."""
    next_at: int | None
    """When a day passes from one window into the next."""


def take(view: AccountView, change: Change) -> AccountView:
    """Count a use on its day, and remember the first of each contract that uses name."""
    profile, fields = change.profile, change.snapshot.fields
    metrics = profile.signals.usage_metrics
    if metrics and fields.get("metric") not in metrics:
        return view
    quantity, at = fields.get("quantity"), change.snapshot.occurred_at
    amount = float(quantity) if isinstance(quantity, int | float) else 1.0
    sign = -1 if change.gone else 1
    day = str(day_of(at))
    known = view.usage.get(day)
    events, total = (known.events, known.amount) if known else (0, 0.0)
    now = UsageDay(events=events + sign, amount=total + sign * amount)
    view = replace(view, usage=with_entry(view.usage, day, now if now.events > 0 else None))
    contract = change.text("contract")
    if not contract or change.gone or view.first_use.get(contract, at + 1) <= at:
        return view
    return replace(view, first_use={**view.first_use, contract: at})


def forget(view: AccountView, now: int) -> AccountView:
    """Let go of days that no window sees."""
    first = day_of(now) - KEPT_DAYS
    if all(int(day) >= first for day in view.usage):
        return view
    return replace(view, usage={day: used for day, used in view.usage.items() if int(day) >= first})


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


def compared(found: Windows) -> Finding:
    """Both windows, as a finding."""
    return Finding(figures=(Figure(name="usage_30_days", before=found.before, after=found.recent),))
