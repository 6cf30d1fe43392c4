"""Lines of delivery files come in; deliveries and the ticks of their tenants' clocks go out in one order."""

from collections.abc import Iterable, Iterator
from hashlib import sha256

from revloop.contracts.generated.events import Delivery, DeliveryMode, Tick
from revloop.contracts.ids import derive_id, trace_of
from revloop.contracts.times import next_boundary


def delivery(
    *,
    at: int,
    seq: int,
    tenant_id: str,
    connector: str,
    mode: str,
    resource: str,
    request: str,
    body: bytes,
    nonce: str = "",
    status: int = 0,
) -> Delivery:
    """A delivery with its derived id: the same bytes at the same place in the log are the same delivery."""
    body_sha256 = sha256(body).hexdigest()
    event_id = derive_id("dlv", tenant_id, connector, mode, resource, at, seq, body_sha256, nonce)
    return Delivery(
        event_id=event_id,
        event_type=Delivery.EVENT_TYPE,
        tenant_id=tenant_id,
        account_id="",
        source=connector,
        trace_id=trace_of(event_id),
        caused_by="",
        occurred_at=at,
        observed_at=at,
        connector=connector,
        mode=DeliveryMode(mode),
        resource=resource,
        request=request,
        seq=seq,
        body=body,
        body_sha256=body_sha256,
        body_ref="",
        body_bytes=len(body),
        status=status,
    )


def tick(clock: str, tenant_id: str, at: int) -> Tick:
    """The clock reaches ``at``."""
    event_id = derive_id("tck", clock, at)
    return Tick(
        event_id=event_id,
        event_type=Tick.EVENT_TYPE,
        tenant_id=tenant_id,
        account_id="",
        source="clock",
        trace_id=trace_of(event_id),
        caused_by="",
        occurred_at=at,
        observed_at=at,
        clock=clock,
        at=at,
    )


def with_ticks(
    deliveries: Iterable[Delivery], clock: str, tenant_id: str, step_ms: int, until: int | None = None
) -> Iterator[Delivery | Tick]:
    """One tenant's deliveries (in order) with a tick at every boundary after all deliveries at or before it.

    The first tick is the first boundary at or after the first delivery; the last is ``until``, or the first boundary
    at or after the last delivery. Deliveries after ``until`` are left out.
    """
    boundary: int | None = None
    last = 0
    for item in deliveries:
        if until is not None and item.observed_at > until:
            break
        if boundary is None:
            boundary = next_boundary(item.observed_at, step_ms)
        while boundary < item.observed_at:
            yield tick(clock, tenant_id, boundary)
            boundary += step_ms
        last = item.observed_at
        yield item
    if boundary is None:
        return
    end = next_boundary(last, step_ms) if until is None else until
    while boundary <= end:
        yield tick(clock, tenant_id, boundary)
        boundary += step_ms
