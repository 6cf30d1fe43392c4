"""Rows of exported files: the same columns, order and number format in a backtest and from the running loop."""

from collections.abc import Sequence

from revloop.contracts.generated.events import AccountState, SignalChange
from revloop.contracts.times import iso

SIGNAL_COLUMNS = ("tenant", "account", "signal", "entity", "change", "at", "severity", "value", "signal_id")
STATE_COLUMNS = ("tenant", "account", "at", "posture", "momentum", "health", "risks", "signals", "snapshot_id")


def signal_row(event: SignalChange) -> tuple[str, ...]:
    """A row of signals.csv, in SIGNAL_COLUMNS; rows are sorted by tenant, account, signal, entity, at, change."""
    return (
        event.tenant_id,
        event.account_id,
        event.signal_type,
        event.entity.entity_key,
        event.change.value,
        iso(event.observed_at),
        event.severity.value,
        number(event.value),
        event.signal_id,
    )


def signal_order(row: Sequence[str]) -> tuple[str, ...]:
    """Sort key of a row of signals.csv; the id last, so that equal rows have one order."""
    tenant, account, signal, entity, change, at, _, _, signal_id = row
    return (tenant, account, signal, entity, at, change, signal_id)


def state_row(event: AccountState) -> tuple[str, ...]:
    """A row of states.csv, in STATE_COLUMNS."""
    risks = " ".join(f"{risk.finding}:{risk.severity.value}" for risk in event.risks)
    return (
        event.tenant_id,
        event.account_id,
        iso(event.observed_at),
        event.posture.value,
        event.momentum.value,
        str(event.health),
        risks,
        str(event.signal_count),
        event.snapshot_id,
    )


def number(value: float | None) -> str:
    """Shortest text that reads back as the same number; whole numbers without a point, nothing for None."""
    if value is None:
        return ""
    return str(int(value)) if value == int(value) else repr(value)
