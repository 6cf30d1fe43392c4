"""Builds an event from the event that caused it: tenant, account, trace and times carry over."""

from typing import TypeVar

from revloop.contracts.generated.events import Envelope

E = TypeVar("E", bound=Envelope)


def caused(
    kind: type[E],
    cause: Envelope,
    /,  # so that an event may have fields of these names, as a ledger entry has its kind
    *,
    event_id: str,
    source: str,
    account_id: str | None = None,
    caused_by: str | None = None,
    occurred_at: int | None = None,
    observed_at: int | None = None,
    **fields: object,
) -> E:
    """An event of ``kind`` because of ``cause``; what is not given carries over from it."""
    return kind(
        event_id=event_id,
        event_type=kind.EVENT_TYPE,
        tenant_id=cause.tenant_id,
        account_id=cause.account_id if account_id is None else account_id,
        source=source,
        trace_id=cause.trace_id,
        caused_by=cause.event_id if caused_by is None else caused_by,
        occurred_at=cause.occurred_at if occurred_at is None else occurred_at,
        observed_at=cause.observed_at if observed_at is None else observed_at,
        **fields,  # msgspec refuses unknown and missing fields, the encoder wrong types
    )
