"""Wires the executor: actions in, into the durable queue; workers do them; outcomes out."""

import threading
import time
from collections.abc import Mapping, Sequence

import structlog
from mode import Service

from revloop.contracts.failures import Retry
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import Action, LedgerKind, LedgerReceipt
from revloop.integrations.salesforce.client import SalesforceClient
from revloop.stage import Emit
from revloop.stores.lock import FolderLock
from revloop.streams import EdgeProducer, Received, ServiceApp, SinkSpec
from revloop.tenants import Registry
from services.executor.core.orders import direction_of, intent, order_id
from services.executor.queue import OrderQueue
from services.executor.settings import Settings
from services.executor.targets import EffectTarget
from services.executor.targets.salesforce import SYSTEM as SALESFORCE
from services.executor.targets.salesforce import Salesforce
from services.executor.targets.workspace import SYSTEM as WORKSPACE
from services.executor.targets.workspace import Workspace
from services.executor.workers import Workshop

log = structlog.get_logger()

SERVICE = "executor"


def create(settings: Settings) -> ServiceApp:
    """The service, ready to run."""
    app = ServiceApp(SERVICE, settings)
    app.hold(FolderLock(settings.data(SERVICE)))
    queue = OrderQueue(settings.data(SERVICE) / "queue.sqlite")
    shop = Workshop(queue, targets(settings), lambda: int(time.time() * 1000))
    intake = Intake(queue, shop)
    app.add_sink(SinkSpec("intake", (topics.ACTIONS,), intake.orders))
    app.add_sink(SinkSpec("receipts", (topics.LEDGER_RECEIPTS,), intake.receipts))
    for _ in range(settings.workers):
        app.add_service(_Worker(shop))
    app.add_service(_Publisher(queue, app.producer))
    return app


def targets(settings: Settings) -> Mapping[str, EffectTarget]:
    """What can be touched: the workspace always, Salesforce where it is configured."""
    found: dict[str, EffectTarget] = {WORKSPACE: Workspace(settings.data(SERVICE) / "workspace.sqlite")}
    if settings.salesforce_url:
        registry = Registry.load(settings.tenants_dir)
        client = SalesforceClient(
            settings.salesforce_url,
            settings.salesforce_client_id,
            settings.salesforce_client_secret.get_secret_value(),
            timeout_s=settings.target_timeout_seconds,
        )
        found[SALESFORCE] = Salesforce(
            lambda _tenant: client, lambda tenant, name: registry.get(tenant).vendor_fields(SALESFORCE, name)
        )
    return found


class Intake:
    """Puts orders into the queue and lets them begin when the ledger has their intent."""

    def __init__(self, queue: OrderQueue, shop: Workshop) -> None:
        self._queue = queue
        self._shop = shop

    def orders(self, batch: Sequence[Received]) -> Sequence[Emit]:
        """Store the orders of a batch; their intents are written after, and again if this batch comes again."""
        emits: list[Emit] = []
        for received in batch:
            action = received.event
            if isinstance(action, Action) and (direction := direction_of(action)) is not None:
                self._queue.put(order_id(action, direction), action, direction)
                emits.append(Emit(topics.LEDGER_ENTRIES, intent(action, direction)))
        return emits

    def receipts(self, batch: Sequence[Received]) -> Sequence[Emit]:
        """The ledger holds these intents: their orders may begin."""
        intents = [r.event for r in batch if isinstance(r.event, LedgerReceipt) and r.event.kind == LedgerKind.INTENT]
        for receipt in intents:
            self._queue.acknowledge(receipt.subject_id, receipt.entry_id)
        if intents:
            self._shop.news.set()
        return ()


class _Worker(Service):
    """A thread that handles orders; a fault that is no failure of a target ends the process."""

    abstract = False

    def __init__(self, shop: Workshop) -> None:
        super().__init__()
        self._shop = shop
        self._end = threading.Event()

    @Service.task
    async def _work(self) -> None:
        await self.loop.run_in_executor(None, self._shop.work, self._end)

    async def on_stop(self) -> None:
        self._end.set()
        self._shop.news.set()


class _Publisher(Service):
    """Tells the spine each fixed outcome, at least once."""

    abstract = False

    def __init__(self, queue: OrderQueue, producer: EdgeProducer) -> None:
        super().__init__()
        self._queue = queue
        self._producer = producer

    @Service.task
    async def _publish(self) -> None:
        while not self.should_stop:
            try:
                await self.loop.run_in_executor(None, self._publish_all)
            except Retry as error:
                log.warning("outcomes_wait", detail=str(error))
            await self.sleep(0.1)

    def _publish_all(self) -> None:
        for order, outcome in self._queue.unpublished():
            self._producer.send_emits([Emit(topics.OUTCOMES, outcome)])
            self._queue.published(order)
