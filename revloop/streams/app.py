"""A service process: Faust gives it its life, tables, timers and crash path; stages and sinks move the bytes."""

import asyncio
import contextlib
import faulthandler
import gc
import sys
from collections.abc import Iterator

import faust
import structlog
import uvicorn
from faust.app.base import BootStrategy
from mode import Service
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp

from revloop.contracts.codec import Codec
from revloop.contracts.generated.events import Envelope, StateRecord
from revloop.contracts.topic import Table
from revloop.kafka.client import aiokafka_access
from revloop.streams import logs, metrics
from revloop.streams.faust_private import StageReader, StageTable, StageTables, add_service
from revloop.streams.health import routes
from revloop.streams.producer import EdgeProducer
from revloop.streams.settings import ServiceSettings
from revloop.streams.sink_thread import SinkThread
from revloop.streams.specs import SinkSpec, StageSpec
from revloop.streams.stage_thread import StageThread
from revloop.streams.worker_thread import WorkerThread

log = structlog.get_logger()

WATCH_EVERY_S = 1.0


GC_THRESHOLDS = (20_000, 50, 1000)
"""Events are trees that nothing points back into: looking for cycles among them every 700 objects is lost work."""


class ServiceApp:
    """Collects what a service consists of, then runs it until it is told to stop."""

    def __init__(self, service: str, settings: ServiceSettings) -> None:
        logs.configure(service, settings.log_level, settings.secrets())
        self.service = service
        self.settings = settings
        self.codec = _codec(settings)
        self.faust = _faust_app(service, settings)
        self.threads: list[WorkerThread] = []
        self._readers: dict[str, StageReader] = {}
        self._held: list[object] = []
        self._http: ASGIApp | None = None
        self._producer: EdgeProducer | None = None

    @property
    def producer(self) -> EdgeProducer:
        """The process's producer for records that start here."""
        if self._producer is None:
            self._producer = EdgeProducer(self.settings, self.codec)
            add_service(self.faust, _Closing(self._producer))  # before its users: services are stopped in reverse
        return self._producer

    def hold(self, resource: object) -> None:
        """Keep ``resource``, for example a lock, for as long as the process lives."""
        self._held.append(resource)

    def add_stage(self, spec: StageSpec) -> None:
        """Run a core between topics; its table appears in ``app.tables``."""
        thread = StageThread(self.service, spec, self.settings, self.codec)
        self._add(thread)
        if spec.table is not None:
            table = StageTable(self.faust, name=spec.table.name, key_type=bytes, value_type=bytes)
            self._readers[spec.table.name] = table.reader = _Committed(thread)
            self.faust.tables.add(table)

    def committed_state(self, table: Table, key: str) -> Envelope | StateRecord | None:
        """The committed state under ``key`` of a stage's table, where this worker owns its partition."""
        value = self._readers[table.name].get(key.encode())
        return None if value is None else self.codec.decode(value)

    def add_sink(self, spec: SinkSpec) -> None:
        """Feed a handler that has a store of its own."""
        self._add(SinkThread(self.service, spec, self.settings, self.codec, self.producer))

    def add_http(self, app: ASGIApp) -> None:
        """Serve ``app`` on the service's port beside health and metrics."""
        self._http = app

    def add_service(self, service: Service) -> None:
        """Let another mode service live and die with the process."""
        add_service(self.faust, service)

    def main(self) -> None:
        """Run until SIGTERM (exit 0) or a failure (exit 1, with its reason in the log)."""
        gc.set_threshold(*GC_THRESHOLDS)
        add_service(self.faust, _Web(self._web_app(), self.settings))
        worker = faust.Worker(self.faust, loglevel="WARN", redirect_stdouts=False, quiet=True, override_logging=False)
        worker.spinner = None  # it writes to standard output, which is for our log lines
        log.info("starting", port=self.settings.port, instance=self.settings.instance)
        worker.execute_from_commandline()

    def _add(self, thread: WorkerThread) -> None:
        self.threads.append(thread)
        add_service(self.faust, _Running(thread))

    def _web_app(self) -> Starlette:
        own: list[BaseRoute] = list(routes(self.service, self.threads))
        return Starlette(routes=own if self._http is None else [*own, Mount("/", app=self._http)])


class StagesOnly(BootStrategy):
    """Boots without Faust's own consumer and producer: it stands still without agents, and stages have their own."""

    enable_kafka = False


class StagesApp(faust.App):
    """Faust's life cycle, tables and timers around stages and sinks."""

    BootStrategy = StagesOnly


class _Committed(StageReader):
    """Reads of a stage's committed states by key, over the partitions of this worker."""

    def __init__(self, thread: StageThread) -> None:
        self._thread = thread

    def get(self, key: bytes) -> bytes | None:
        found = (store.committed_value(key) for store in list(self._thread.states.values()))
        return next((value for value in found if value is not None), None)

    def keys(self) -> Iterator[bytes]:
        for store in list(self._thread.states.values()):
            yield from store.committed_keys()


class _Running(Service):
    """A stage's or sink's thread as a part of the worker: its failure is the worker's."""

    abstract = False

    def __init__(self, thread: WorkerThread) -> None:
        super().__init__()
        self._worker_thread = thread

    async def on_start(self) -> None:
        loop = asyncio.get_running_loop()

        def failed() -> None:
            loop.call_soon_threadsafe(self._crash_soon)

        self._worker_thread.start(failed)

    async def on_stop(self) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self._worker_thread.stop)

    def _crash_soon(self) -> None:
        self.add_future(self.crash(self._worker_thread.failed or RuntimeError("the thread ended")))

    @Service.task
    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while not self.should_stop:
            asleep = loop.time()
            await self.sleep(WATCH_EVERY_S)
            metrics.LOOP_LATE_SECONDS.set(max(0.0, loop.time() - asleep - WATCH_EVERY_S))
            if self._worker_thread.stalled and not self.should_stop:
                faulthandler.dump_traceback(sys.stderr)  # where it stands is all there is to find the cause by
                await self.crash(RuntimeError(f"{self._worker_thread.name} does not turn any more"))


class _Closing(Service):
    """Waits, when the process ends, for what the producer still has on its way."""

    abstract = False

    def __init__(self, producer: EdgeProducer) -> None:
        super().__init__()
        self._producer = producer

    async def on_stop(self) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self._producer.close)


class _Web(Service):
    """The service's HTTP port."""

    abstract = False

    def __init__(self, app: ASGIApp, settings: ServiceSettings) -> None:
        super().__init__()
        config = uvicorn.Config(
            app, host=settings.host, port=settings.port, log_config=None, access_log=False, lifespan="off"
        )
        self._server = _Quiet(config)

    @Service.task
    async def _serve(self) -> None:
        await self._server.serve()
        if not self.should_stop:
            await self.crash(RuntimeError(f"the HTTP server ended: is port {self._server.config.port} free?"))

    async def on_stop(self) -> None:
        self._server.should_exit = True


class _Quiet(uvicorn.Server):
    """Leaves signals to the worker."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _codec(settings: ServiceSettings) -> Codec:
    if not settings.schema_registry_url:
        return Codec()
    from revloop.kafka.registry import registry_codec  # an HTTP client that nobody needs without a registry

    codec = registry_codec(settings.schema_registry_url, settings.schema_registry_user_info.get_secret_value())
    log.info("schemas_registered", registry=settings.schema_registry_url)
    return codec


def _faust_app(service: str, settings: ServiceSettings) -> faust.App:
    datadir = settings.data(service) / "faust"
    datadir.mkdir(parents=True, exist_ok=True)
    sys.argv = sys.argv[:1]  # Faust reads the command line of whoever imports it
    return StagesApp(
        f"revloop-{service}",
        broker=aiokafka_access(settings.client()).faust_urls,
        store="memory://",
        datadir=str(datadir),
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        stream_wait_empty=False,
        worker_redirect_stdouts=False,
        TableManager=StageTables,
    )
