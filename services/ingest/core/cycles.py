"""Deals that were closed come in; how long nine in ten of a tenant's took goes out, before the next tick."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from revloop.contracts.entities import EntityType
from revloop.contracts.envelope import caused
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import EntityLink, StateRecord, TenantCycles, TenantValue
from revloop.contracts.ids import derive_id
from revloop.contracts.keys import join_key
from revloop.contracts.tenant_values import CLOSED_CYCLE_P90_DAYS
from revloop.contracts.times import DAY_MS, parse_iso
from revloop.stage import Due, Effects, Emit
from revloop.tenants import Profile

SOURCE = "ingest"
SHARE_PERCENT = 90


def cycles_key(tenant: str) -> str:
    """Key of the state of a tenant's closed deals."""
    return join_key(tenant, "cycles")


def count_closed(
    states: Mapping[str, StateRecord],
    changed: Mapping[str, StateRecord | None],
    keys: Iterable[str],
    profile: Profile,
    now: int,
) -> dict[str, StateRecord | None]:
    """The tenant's cycles with the deals among the links ``keys`` that were closed by this delivery."""
    took = [
        days for key in dict.fromkeys(keys) if (days := _days(states.get(key), changed.get(key), profile)) is not None
    ]
    if not took:
        return {}
    key = cycles_key(profile.tenant)
    known = states.get(key)
    assert known is None or isinstance(known, TenantCycles)  # such keys hold nothing else
    days_taken = dict(known.days) if known is not None else {}
    for days in took:
        days_taken[str(days)] = days_taken.get(str(days), 0) + 1
    return {key: TenantCycles(days=days_taken, told=known.told if known is not None else None, due_at=now)}


def tell(due: Due, cycles: TenantCycles, profile: Profile) -> Effects:
    """The percentile as of this tick, where there are enough deals and it moved."""
    value = percentile(cycles.days) if sum(cycles.days.values()) >= profile.signals.closed_cycle_min_deals else None
    kept = TenantCycles(days=cycles.days, told=value, due_at=None)
    if value is None or value == cycles.told:
        return Effects({due.key: kept})
    event = caused(
        TenantValue,
        due.tick,
        event_id=derive_id("tvl", profile.tenant, CLOSED_CYCLE_P90_DAYS, due.tick.observed_at),
        source=SOURCE,
        name=CLOSED_CYCLE_P90_DAYS,
        value=value,
    )
    event = replace(event, tenant_id=profile.tenant)  # the wall's ticks are nobody's
    return Effects({due.key: kept}, (Emit(topics.RAW_SNAPSHOTS, event, every_partition=True),))


def percentile(days: Mapping[str, int]) -> float:
    """The nearest rank: the smallest number of days that nine in ten did not exceed."""
    wanted, seen = -(-sum(days.values()) * SHARE_PERCENT // 100), 0
    for day in sorted(map(int, days)):
        seen += days[str(day)]
        if seen >= wanted:
            return float(day)
    raise ValueError("there are no closed deals")


def _days(before: StateRecord | None, after: StateRecord | None, profile: Profile) -> int | None:
    """Days that a deal took which is closed now and was not, or was closed in another way."""
    if not isinstance(after, EntityLink) or after.entity.entity_type != EntityType.OPPORTUNITY:
        return None
    created, closed = after.fields.get("created"), after.fields.get("closed_at")
    if not after.account_id or not isinstance(created, str) or not profile.is_closed(after.fields):
        return None
    if isinstance(before, EntityLink) and before.account_id and before.fields.get("stage") == after.fields.get("stage"):
        return None
    at = parse_iso(closed) if isinstance(closed, str) else after.occurred_at
    days = (at - parse_iso(created)) // DAY_MS
    return days if days >= 0 else None
