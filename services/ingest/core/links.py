"""One record and what is known of its entity come in; where it goes, what it leaves and what it wakes go out."""

from enum import StrEnum

import msgspec

from revloop.contracts.envelope import caused
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import (
    Delivery,
    DeliveryDisposition,
    DeliveryMode,
    Disposition,
    EntityLink,
    EntityRef,
    OwnWrite,
    Snapshot,
    SnapshotChange,
    Unresolved,
)
from revloop.contracts.ids import content_hash, derive_id
from revloop.contracts.keys import join_key
from revloop.integrations.record import Record
from revloop.stage import Emit
from services.ingest.core.writes import echo_of

SOURCE = "ingest"


class Fate(StrEnum):
    """What became of an item."""

    RECORD = "record"
    DUPLICATE = "duplicate"
    PARKED = "parked"


class Linked(msgspec.Struct, frozen=True):
    """The entity's link after a record, and what is to be written."""

    link: EntityLink
    fate: Fate
    emits: tuple[Emit, ...] = ()


def link(delivery: Delivery, item: int, record: Record, known: EntityLink | None, own_users: tuple[str, ...]) -> Linked:
    """Send ``record`` to its account; without one it keeps the last account, or waits until one is named."""
    snapshot = _snapshot(delivery, item, record)
    if known is not None and known.snapshot_id == snapshot.snapshot_id:
        return Linked(known, Fate.DUPLICATE)
    account = record.account or (known.account_id if known else "")
    if not account:
        return _park(snapshot, known)
    if delivery.mode is DeliveryMode.outcome:
        snapshot = msgspec.structs.replace(snapshot, caused_by=record.entity_id)  # our own doing: no cause to act again
    elif known is not None and (action := echo_of(known, record.version, record.fields)):
        snapshot = msgspec.structs.replace(snapshot, caused_by=action)
    emits: list[Emit] = []
    if known is not None and known.account_id and known.account_id != account:
        emits += _move(delivery, known, account)
    if known is not None and known.waiting:
        emits += _wake(delivery, known, account)
    emits.append(Emit(topics.RAW_SNAPSHOTS, msgspec.structs.replace(snapshot, account_id=account)))
    own_writes = known.own_writes if known else ()
    return Linked(_link(snapshot, account, (), own_writes), Fate.RECORD, tuple(emits))


def _snapshot(delivery: Delivery, item: int, record: Record) -> Snapshot:
    entity = EntityRef(
        connector=delivery.connector,
        entity_type=record.entity_type,
        entity_id=record.entity_id,
        entity_key=record.entity_key,
    )
    tenant, connector = delivery.tenant_id, delivery.connector
    snapshot_id = content_hash([tenant, connector, record.entity_type, record.entity_id, record.version, record.fields])
    return Snapshot(
        event_id=derive_id("snp", delivery.event_id, item, snapshot_id),
        event_type=Snapshot.EVENT_TYPE,
        tenant_id=tenant,
        account_id="",
        source=connector,
        trace_id=delivery.trace_id,
        caused_by=delivery.event_id,
        occurred_at=record.occurred_at,
        observed_at=delivery.observed_at,
        snapshot_id=snapshot_id,
        entity=entity,
        change=SnapshotChange.record,
        version=record.version,
        fields=record.fields,
        delivery_id=delivery.event_id,
        item=item,
    )


def _link(
    snapshot: Snapshot, account: str, waiting: tuple[Snapshot, ...], own_writes: tuple[OwnWrite, ...]
) -> EntityLink:
    return EntityLink(
        account_id=account,
        snapshot_id=snapshot.snapshot_id,
        version=snapshot.version,
        entity=snapshot.entity,
        fields=snapshot.fields,
        occurred_at=snapshot.occurred_at,
        observed_at=snapshot.observed_at,
        delivery_id=snapshot.delivery_id,
        item=snapshot.item,
        waiting=waiting,
        own_writes=own_writes,
    )


def _park(snapshot: Snapshot, known: EntityLink | None) -> Linked:
    waiting = (*(known.waiting if known else ()), snapshot)
    event = caused(
        Unresolved,
        snapshot,
        event_id=derive_id("unr", snapshot.event_id),
        source=SOURCE,
        caused_by=snapshot.delivery_id,
        snapshot_id=snapshot.snapshot_id,
        entity=snapshot.entity,
        reason="the record names no account, and no earlier one did",
        delivery_id=snapshot.delivery_id,
        item=snapshot.item,
    )
    return Linked(_link(snapshot, "", waiting, ()), Fate.PARKED, (Emit(topics.RAW_UNRESOLVED, event),))


def _move(delivery: Delivery, known: EntityLink, account: str) -> list[Emit]:
    """The old account loses the entity, the new one gets it as it last stood: what changes next is seen there."""
    return [
        Emit(topics.RAW_SNAPSHOTS, _carried(delivery, known, known.account_id, SnapshotChange.left)),
        Emit(topics.RAW_SNAPSHOTS, _carried(delivery, known, account, SnapshotChange.joined)),
    ]


def _carried(delivery: Delivery, known: EntityLink, account: str, change: SnapshotChange) -> Snapshot:
    return caused(
        Snapshot,
        delivery,
        event_id=derive_id("snp", delivery.event_id, change.value, account, known.snapshot_id),
        source=known.entity.connector,
        account_id=account,
        occurred_at=known.occurred_at,
        snapshot_id=known.snapshot_id,
        entity=known.entity,
        change=change,
        version=known.version,
        fields=known.fields,
        delivery_id=known.delivery_id,
        item=known.item,
    )


def _wake(delivery: Delivery, known: EntityLink, account: str) -> list[Emit]:
    """What waited goes to the account in order of arrival, at the clock of the linking; its times stay as evidence."""
    emits = []
    for snapshot in known.waiting:
        woken = msgspec.structs.replace(snapshot, account_id=account, observed_at=delivery.observed_at)
        emits.append(Emit(topics.RAW_SNAPSHOTS, woken))
        emits.append(Emit(topics.RAW_UNRESOLVED, None, key=join_key(delivery.tenant_id, "", snapshot.snapshot_id)))
        emits.append(Emit(topics.RAW_DISPOSITIONS, _redriven(delivery, snapshot)))
    return emits


def _redriven(delivery: Delivery, snapshot: Snapshot) -> Disposition:
    return caused(
        Disposition,
        delivery,
        event_id=derive_id("dsp", snapshot.event_id, "redriven"),
        source=SOURCE,
        delivery_id=snapshot.delivery_id,
        connector=snapshot.entity.connector,
        disposition=DeliveryDisposition.redriven,
        items=0,
        records=1,
        duplicates=0,
        parked=-1,
        dead=0,
        reason="",
    )
