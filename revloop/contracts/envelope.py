"""Builds an event from the event that caused it: tenant, account, trace and times carry over."""

from typing import TypedDict, TypeVar

from revloop.contracts.generated.events import Envelope

E = TypeVar("E", bound=Envelope)


class Carried(TypedDict):
    """The fields every event begins with, as keyword arguments."""

    event_id: str
    event_type: str
    tenant_id: str
    account_id: str
    source: str
    trace_id: str
    caused_by: str
    occurred_at: int
    observed_at: int


def carried(
    event_class: type[Envelope],
    cause: Envelope,
    /,
    *,
    event_id: str,
    source: str,
    account_id: str | None = None,
    caused_by: str | None = None,
    occurred_at: int | None = None,
    observed_at: int | None = None,
) -> Carried:
    """The envelope of an event because of ``cause``; what is not given carries over from it.

    ``Tick(**carried(Tick, cause, ...), clock=..., at=...)`` lets the type checker see every field.
    """
    return Carried(
        event_id=event_id,
        event_type=event_class.EVENT_TYPE,
        tenant_id=cause.tenant_id,
        account_id=cause.account_id if account_id is None else account_id,
        source=source,
        trace_id=cause.trace_id,
        caused_by=cause.event_id if caused_by is None else caused_by,
        occurred_at=cause.occurred_at if occurred_at is None else occurred_at,
        observed_at=cause.observed_at if observed_at is None else observed_at,
    )


def caused(
    event_class: type[E],
    cause: Envelope,
    /,
    *,
    event_id: str,
    source: str,
    account_id: str | None = None,
    caused_by: str | None = None,
    occurred_at: int | None = None,
    observed_at: int | None = None,
    **fields: object,
) -> E:
    """An event of ``event_class`` because of ``cause``; raises TypeError for unknown and missing ``fields``.

    The type checker sees the class but not ``fields``: a wrong type there shows when the event is encoded. Where all
    fields stand in one place, ``carried`` is the better choice.
    """
    envelope = carried(
        event_class,
        cause,
        event_id=event_id,
        source=source,
        account_id=account_id,
        caused_by=caused_by,
        occurred_at=occurred_at,
        observed_at=observed_at,
    )
    return event_class(**envelope, **fields)
