"""Delivery folders come in; the deliveries and ticks of each tenant in them go out, interleaved by time."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path

from revloop.contracts.generated.events import Delivery, Tick
from revloop.contracts.times import parse_iso
from revloop.stores.delivery_files import Filed, read
from revloop.tenants import Registry
from services.ingest.core.feed import delivery, with_ticks


def folders_of(folders: Sequence[Path]) -> Mapping[str, list[Path]]:
    """Tenants named in the folders, sorted, each with the folders that hold something of it; reads every line once."""
    found: dict[str, list[Path]] = {}
    for folder in folders:
        for tenant in {tenant for tenant, _ in groupby(filed.line.tenant for filed in read([folder]))}:
            found.setdefault(tenant, []).append(folder)
    return dict(sorted(found.items()))


def events(
    folders: Sequence[Path], registry: Registry, tenant_id: str, until: str | None, limit: int | None = None
) -> Iterator[Delivery | Tick]:
    """One tenant's deliveries (at most the first ``limit``) merged over the folders, with the ticks of its clock."""
    profile = registry.get(tenant_id)
    own = (filed for filed in read(folders) if filed.line.tenant == tenant_id)
    lines = (as_delivery(filed) for filed in islice(own, limit))
    end = parse_iso(until) if until else None
    return with_ticks(lines, profile.clock_id, tenant_id, profile.tick_ms, end)


def as_delivery(filed: Filed) -> Delivery:
    """A line of a delivery file as the event it becomes, body and request verbatim."""
    line = filed.line
    return delivery(
        at=filed.at,
        seq=line.seq,
        tenant_id=line.tenant,
        connector=line.connector,
        mode=line.mode,
        resource=line.resource,
        request=bytes(line.request).decode(),
        body=bytes(line.body),
        status=line.status or 0,
    )
