"""Takes batches of events and tombstones from the spine to the read model; nothing else writes there."""

from collections.abc import Sequence

from revloop.contracts import codec
from revloop.contracts.generated.events import DeadLetter, Delivery, Disposition, Envelope, Tick
from revloop.stage import Emit
from revloop.streams import Received
from services.console.core.projection import ended, identity, place
from services.console.store import DeadRow, Fact, ReadModel, Rows, Standing, Tally


class Projector:
    """Idempotent: a batch that comes twice changes nothing."""

    def __init__(self, model: ReadModel) -> None:
        self._model = model

    def handle(self, batch: Sequence[Received]) -> Sequence[Emit]:
        """Write one batch; a projector has nothing to tell the spine."""
        rows = Rows()
        for received in batch:
            if received.event is None:
                _remove(rows, received.topic, received.key)
            else:
                _add(rows, received.event)
        self._model.apply(rows)
        return ()


def _remove(rows: Rows, topic: str, key: bytes) -> None:
    """A tombstone came: what waited under this key waits no more."""
    if (name := ended(topic, key.decode(errors="replace"))) is not None:
        rows.standings[name] = None


def _add(rows: Rows, event: Envelope) -> None:
    match event:
        case Tick():
            rows.clocks[event.clock] = max(event.at, rows.clocks.get(event.clock, 0))
        case Delivery():
            rows.bodies.append((event.tenant_id, event.event_id, event.body))
            rows.resources.append((event.tenant_id, event.event_id, event.resource))
        case Disposition():
            rows.tallies.append(_tally(event))
        case DeadLetter():
            rows.dead.append(_dead(event))
        case _:
            _keep(rows, event)


def _keep(rows: Rows, event: Envelope) -> None:
    found = place(event)
    if found is None:
        return
    body = codec.encode(event)
    rows.facts.append(
        Fact(
            tenant=event.tenant_id,
            event_id=event.event_id,
            kind=event.event_type,
            account=event.account_id,
            ref=found.ref,
            decision=found.decision,
            at=event.observed_at,
            body=body,
        )
    )
    if found.standing:
        name = (event.tenant_id, found.standing, identity(event, found))
        rows.standings[name] = Standing(
            tenant=event.tenant_id,
            kind=found.standing,
            id=name[2],
            account=event.account_id,
            status=found.status,
            score=found.score,
            at=event.observed_at,
            body=body,
        )


def _tally(event: Disposition) -> Tally:
    return Tally(
        tenant=event.tenant_id,
        event_id=event.event_id,
        connector=event.connector,
        disposition=event.disposition.value,
        items=event.items,
        records=event.records,
        duplicates=event.duplicates,
        parked=event.parked,
        dead=event.dead,
    )


def _dead(event: DeadLetter) -> DeadRow:
    return DeadRow(
        topic=event.topic,
        partition=event.partition,
        offset=event.offset,
        tenant=event.tenant_id,
        service=event.service,
        reason=event.reason,
        detail=event.detail,
        at=event.observed_at,
    )
