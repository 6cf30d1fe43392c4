"""Vectors are written beside the feed, so that a slow model or an outage holds neither records nor questions."""

import asyncio
from collections.abc import Sequence

import structlog
from mode import Service

from revloop.memory.store import Memory

log = structlog.get_logger()
IDLE_S = 1.0
"""Between two looks for texts without vectors."""
OUTAGE_S = 15.0
"""Between two tries while vectors cannot be written."""


class MemoryWriter(Service):
    """What waits is on the disk: a start goes on where the last process ended."""

    abstract = False

    def __init__(self, memory: Memory, tenants: Sequence[str]) -> None:
        super().__init__()
        self._memory = memory
        self._tenants = tenants

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            failed = [tenant for tenant in self._tenants if await self._wrote_in_vain(tenant)]
            await self.sleep(OUTAGE_S if failed else IDLE_S)

    async def _wrote_in_vain(self, tenant_id: str) -> bool:
        kept = await asyncio.to_thread(self._memory.catch_up, tenant_id)
        if kept.waiting:
            log.warning("vectors_wait", tenant=tenant_id, waiting=kept.waiting, because=kept.because)
        return bool(kept.waiting)
