"""Records come in by batches; what people wrote in them goes to the memory, from where questions find it.

The words stand in the vendor's body, which the projector keeps. Bodies and records come on two topics: a record whose
body is not there yet is waited for, but not for ever, since a body may be older than its topic keeps.
"""

from collections.abc import Sequence

import structlog

from revloop.contracts.failures import Retry
from revloop.contracts.generated.events import Snapshot
from revloop.memory.records import artifact, artifact_id, is_gone
from revloop.memory.store import Memory
from revloop.provenance.texts import Texts
from revloop.stage import Emit
from revloop.streams import Received
from services.console.store import ReadModel

log = structlog.get_logger()
PATIENCE = 20
"""So many times batches come again for a body that is missing; after that a record's own fields must do."""


class MemoryFeed:
    """Idempotent: a batch that comes twice changes nothing."""

    def __init__(self, model: ReadModel, memory: Memory, texts: Texts) -> None:
        self._model = model
        self._memory = memory
        self._texts = texts
        self._patience = PATIENCE

    def handle(self, batch: Sequence[Received]) -> Sequence[Emit]:
        """Keep the texts of one batch; the memory has nothing to tell the spine. Raises Retry."""
        tenants: dict[str, list[Snapshot]] = {}
        for received in batch:
            if isinstance(received.event, Snapshot):
                tenants.setdefault(received.event.tenant_id, []).append(received.event)
        for tenant_id, snapshots in tenants.items():
            self._take(tenant_id, snapshots)
        return ()

    def _take(self, tenant_id: str, snapshots: Sequence[Snapshot]) -> None:
        newest = {artifact_id(one): one for one in sorted(snapshots, key=lambda one: one.observed_at)}
        gone = [name for name, one in newest.items() if is_gone(one)]
        read = [(one, *self._text(one)) for name, one in newest.items() if not is_gone(one)]
        self._memory.keep(tenant_id, [artifact(one, title, text) for one, title, text in read if text])
        if gone:
            self._memory.forget(tenant_id, gone)

    def _text(self, snapshot: Snapshot) -> tuple[str, str]:
        if not self._texts.wants_body(snapshot):
            return self._texts.of(snapshot, "", None)
        body = self._model.body(snapshot.tenant_id, snapshot.delivery_id)
        if body is None:
            self._wait_for(snapshot.delivery_id)
        else:
            self._patience = PATIENCE
        resource = self._model.resource(snapshot.tenant_id, snapshot.delivery_id)
        return self._texts.of(snapshot, resource, body)

    def _wait_for(self, delivery_id: str) -> None:
        """Raises Retry until patience is used up; it comes back with the first body that is there."""
        if self._patience:
            self._patience -= 1
            raise Retry(f"the body of delivery {delivery_id} is not in the read model yet")
        log.warning("body_missing", delivery_id=delivery_id, meaning="only the record's own fields are searched")
