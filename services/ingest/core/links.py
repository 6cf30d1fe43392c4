"""One record and what is known of its entity come in; where it goes, what it leaves and what it wakes go out."""

from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256

import msgspec

from revloop.contracts.entities import HAPPENINGS
from revloop.contracts.envelope import caused
from revloop.contracts.failures import Reject
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import (
    Delivery,
    DeliveryDisposition,
    DeliveryMode,
    Disposition,
    EntityLink,
    EntityRef,
    Snapshot,
    SnapshotChange,
    Unresolved,
)
from revloop.contracts.ids import canonical, derive_id
from revloop.contracts.keys import join_key
from revloop.contracts.times import DAY_MS
from revloop.integrations.record import DELETED, Record, Scalar
from revloop.stage import Emit
from services.ingest.core.partial import Merged, merge
from services.ingest.core.requests import is_baseline
from services.ingest.core.writes import echo_of

SOURCE = "ingest"
MAX_RECORD_BYTES = 2**20
"""A larger record is refused: its state and what follows from it must fit Kafka's messages."""
MAX_WAITING_BYTES = 4 * 2**20
"""What may wait for the link of one entity."""
HAPPENING_MS = 130 * DAY_MS
"""How long a happening is known again when it is told again; one told later is a new one."""


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


def link(
    delivery: Delivery,
    item: int,
    record: Record,
    known: EntityLink | None,
    accounts: tuple[str, ...],
    own_users: tuple[str, ...],
    *,
    repeat: tuple[int, ...] = (),
) -> Linked:
    """Send ``record`` to its ``accounts``; without any it keeps the last ones, or waits until one is named.

    What the source changed later counts as later, whenever it arrives: a past state changes neither the accounts nor
    the last state of an entity. ``repeat`` tells a delivery that was handled before from its first time: what was good
    in it was told then.
    Raises Reject for a record too large to be kept, and for more than may wait.
    """
    merged = merge(record, known)
    snapshot = _snapshot(delivery, item, merged.record, repeat)
    if known is None:
        return _settle_or_park(delivery, snapshot, accounts, None, merged)
    if known.snapshot_id == snapshot.snapshot_id and (accounts in ((), accounts_of(known)) or _happened(known)):
        return Linked(known, Fate.DUPLICATE)
    if repeat and _was_told(snapshot, known):
        return Linked(known, Fate.DUPLICATE)
    if snapshot.version < known.version:
        snapshot = _past(snapshot, known)
        if known.account_id:
            return Linked(known, Fate.RECORD, _told(snapshot, accounts_of(known)))
    if action := echo_of(known, record.version, merged.record.fields, own_users):
        snapshot = msgspec.structs.replace(snapshot, caused_by=action)
    if snapshot.change is SnapshotChange.left and known.account_id:
        left = _link(snapshot, accounts or accounts_of(known), known, (), merged)
        return Linked(left, Fate.RECORD, _told(snapshot, accounts_of(known)))
    return _settle_or_park(delivery, snapshot, accounts or accounts_of(known), known, merged)


def accounts_of(link: EntityLink) -> tuple[str, ...]:
    """Every account that a record belongs to; none while it waits."""
    return (link.account_id, *link.others) if link.account_id else ()


def _happened(known: EntityLink) -> bool:
    """Whether it is a happening that was counted: it stays where it was, though its account goes by another key now."""
    return known.entity.entity_type in HAPPENINGS and known.account_id != ""


def _settle_or_park(
    delivery: Delivery, snapshot: Snapshot, accounts: tuple[str, ...], known: EntityLink | None, merged: Merged
) -> Linked:
    if accounts and merged.whole_version is not None:
        return _settle(delivery, snapshot, accounts, known, merged)
    return _park(snapshot, known, merged)


def _was_told(snapshot: Snapshot, known: EntityLink) -> bool:
    """Whether nothing newer than what is known comes with a record of a delivery that was handled before."""
    same_time = snapshot.version == known.version
    later_item = known.delivery_id == snapshot.delivery_id and known.item >= snapshot.item
    return snapshot.version < known.version or (same_time and later_item)


def _past(snapshot: Snapshot, known: EntityLink) -> Snapshot:
    """A past state neither brings back what was deleted since, nor takes away what was restored since."""
    change = SnapshotChange.left if _is_deleted(known.fields) else SnapshotChange.record
    return msgspec.structs.replace(snapshot, change=change)


def _settle(
    delivery: Delivery, snapshot: Snapshot, accounts: tuple[str, ...], known: EntityLink | None, merged: Merged
) -> Linked:
    """The record goes to ``accounts``, after what the entity leaves behind and after what waited for this."""
    emits: list[Emit] = []
    if known is not None and accounts_of(known) not in ((), accounts) and not _is_deleted(known.fields):
        emits += move(delivery, snapshot.event_id, known, accounts)
    if known is not None and known.waiting:
        emits += wake(delivery, known, accounts)
    emits += _told(snapshot, accounts)
    return Linked(_link(snapshot, accounts, known, (), merged), Fate.RECORD, tuple(emits))


def _told(snapshot: Snapshot, accounts: tuple[str, ...]) -> tuple[Emit, ...]:
    """A copy for each account; each copy has an id of its own."""
    return tuple(Emit(topics.RAW_SNAPSHOTS, _for(snapshot, account, number)) for number, account in enumerate(accounts))


def _for(snapshot: Snapshot, account: str, number: int) -> Snapshot:
    event_id = derive_id("snp", snapshot.event_id, account) if number else snapshot.event_id
    return msgspec.structs.replace(snapshot, account_id=account, event_id=event_id)


def _is_deleted(fields: Mapping[str, Scalar]) -> bool:
    return fields.get(DELETED) is True


def _snapshot(delivery: Delivery, item: int, record: Record, repeat: tuple[int, ...]) -> Snapshot:
    """The record as an event, no account yet; what our own effect led to names the action, and is no cause to act."""
    entity = EntityRef(
        connector=delivery.connector,
        entity_type=record.entity_type,
        entity_id=record.entity_id,
        entity_key=record.entity_key,
    )
    tenant, connector = delivery.tenant_id, delivery.connector
    content = canonical([tenant, connector, record.entity_type, record.entity_id, record.version, record.fields])
    if len(content) > MAX_RECORD_BYTES:
        raise Reject(
            "record_too_large",
            f"The record has {len(content)} bytes, more than {MAX_RECORD_BYTES}: map fewer or shorter fields.",
        )
    snapshot_id = sha256(content).hexdigest()
    return Snapshot(
        event_id=derive_id("snp", delivery.event_id, item, snapshot_id, *repeat),
        event_type=Snapshot.EVENT_TYPE,
        tenant_id=tenant,
        account_id="",
        source=connector,
        trace_id=delivery.trace_id,
        caused_by=record.entity_id if delivery.mode is DeliveryMode.outcome else delivery.event_id,
        occurred_at=record.occurred_at,
        observed_at=delivery.observed_at,
        snapshot_id=snapshot_id,
        entity=entity,
        change=SnapshotChange.left if _is_deleted(record.fields) else SnapshotChange.record,
        version=record.version,
        fields=record.fields,
        delivery_id=delivery.event_id,
        item=item,
        baseline=is_baseline(delivery),
    )


def _link(
    snapshot: Snapshot,
    accounts: tuple[str, ...],
    known: EntityLink | None,
    waiting: tuple[Snapshot, ...],
    merged: Merged,
) -> EntityLink:
    """The link after ``snapshot``: it keeps the newest state by the source's order, and our own writes."""
    first, others = (accounts[0], accounts[1:]) if accounts else ("", ())
    if known is not None and snapshot.version < known.version:
        return msgspec.structs.replace(known, account_id=first, others=others, waiting=waiting)
    return EntityLink(
        account_id=first,
        snapshot_id=snapshot.snapshot_id,
        version=snapshot.version,
        entity=snapshot.entity,
        fields=snapshot.fields,
        occurred_at=snapshot.occurred_at,
        observed_at=snapshot.observed_at,
        delivery_id=snapshot.delivery_id,
        item=snapshot.item,
        waiting=waiting,
        own_writes=known.own_writes if known else (),
        others=others,
        names=known.names if known else (),
        named=known.named if known else "",
        merged_into=known.merged_into if known else "",
        by=known.by if known else (),
        awaits=known.awaits if known else (),
        field_versions=dict(merged.field_versions),
        whole_version=merged.whole_version,
        due_at=snapshot.observed_at + HAPPENING_MS if snapshot.entity.entity_type in HAPPENINGS else None,
    )


def _park(snapshot: Snapshot, known: EntityLink | None, merged: Merged) -> Linked:
    waiting = (*(known.waiting if known else ()), snapshot)
    if known is not None and len(canonical(waiting)) > MAX_WAITING_BYTES:
        raise Reject(
            "too_many_waiting",
            f"{len(known.waiting)} records of {snapshot.entity.entity_key} wait for an account already: "
            "name one at the source, or take this object out of the tenant profile.",
        )
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
    return Linked(_link(snapshot, (), known, waiting, merged), Fate.PARKED, (Emit(topics.RAW_UNRESOLVED, event),))


def move(delivery: Delivery, cause: str, known: EntityLink, accounts: tuple[str, ...]) -> list[Emit]:
    """Accounts that lose the entity lose it, new ones get it as it last stood: what changes next is seen there."""
    before = accounts_of(known)
    left = [_carried(delivery, cause, known, one, SnapshotChange.left) for one in before if one not in accounts]
    joined = [_carried(delivery, cause, known, one, SnapshotChange.joined) for one in accounts if one not in before]
    return [Emit(topics.RAW_SNAPSHOTS, snapshot) for snapshot in (*left, *joined)]


def _carried(delivery: Delivery, cause: str, known: EntityLink, account: str, change: SnapshotChange) -> Snapshot:
    return caused(
        Snapshot,
        delivery,
        event_id=derive_id("snp", cause, change.value, account, known.snapshot_id),
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
        baseline=False,
    )


def wake(delivery: Delivery, known: EntityLink, accounts: tuple[str, ...]) -> list[Emit]:
    """What waited goes to the accounts in order of arrival, at the clock of the linking; its times stay as evidence.

    What told only a part of the record before its whole was known is in the whole by now, and is told with it.
    """
    emits: list[Emit] = []
    for snapshot in known.waiting:
        woken = msgspec.structs.replace(snapshot, observed_at=delivery.observed_at)
        emits += _told(woken, accounts) if known.whole_version is not None else ()
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
