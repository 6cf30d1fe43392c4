"""The wall clock of the tenants that live on it: one tick for all of them at every boundary of its step."""

import time

from mode import Service

from revloop.contracts.failures import Retry
from revloop.contracts.generated import topics
from revloop.streams import EdgeProducer
from services.ingest.core.feed import tick
from services.ingest.core.resolver import WALL


class WallClock(Service):
    """Ticks are epoch-aligned, so that a restart says the same moments again and nothing new."""

    abstract = False

    def __init__(self, producer: EdgeProducer, step_seconds: float) -> None:
        super().__init__()
        self._producer = producer
        self._step_ms = int(step_seconds * 1000)

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            now = int(time.time() * 1000)
            await self.sleep((self._step_ms - now % self._step_ms) / 1000)
            at = int(time.time() * 1000) // self._step_ms * self._step_ms
            try:
                await self._producer.send(topics.RAW_DELIVERIES, tick(WALL, "", at), every_partition=True)
            except Retry as error:
                self.log.warning("the tick waits for Kafka: %s", error)
