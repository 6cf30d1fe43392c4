"""Wires the console: the projector reads the spine into the read model; the API reads that and sends commands."""

import time

from revloop.contracts.generated import topics
from revloop.contracts.generated.topics import TOPICS
from revloop.integrations import load_normalisers, load_texts
from revloop.provenance.texts import Texts
from revloop.stores.identity import LocalIssuer, local_people
from revloop.stores.lock import FolderLock
from revloop.streams import ServiceApp, SinkSpec
from revloop.tenants import Registry
from services.console.api import create_api
from services.console.commands import CommandDesk
from services.console.memory_feed import MemoryFeed
from services.console.memory_stores import open_memory
from services.console.memory_writer import MemoryWriter
from services.console.origins import Origins
from services.console.projector import Projector
from services.console.settings import Settings
from services.console.store import ReadModel

SERVICE = "console"


def create(settings: Settings) -> ServiceApp:
    """The service, ready to run."""
    app = ServiceApp(SERVICE, settings)
    app.hold(FolderLock(settings.data(SERVICE)))
    model = ReadModel(settings.data(SERVICE) / "read_model.sqlite")
    issuer = LocalIssuer(settings.home / "identity")
    registry = Registry.load(settings.tenants_dir)
    issuer.write_tokens(local_people(registry.tenants()), wall_ms())
    origins = Origins(registry, load_normalisers())
    app.add_sink(SinkSpec("projector", inputs(), Projector(model).handle, tombstones=True))
    memory = open_memory(settings, settings.data(SERVICE) / "memory")
    feed = MemoryFeed(model, memory, Texts(load_normalisers(), load_texts()))
    app.add_sink(SinkSpec("memory", (topics.RAW_SNAPSHOTS,), feed.handle))
    app.add_service(MemoryWriter(memory, registry.tenants()))
    app.add_http(create_api(model, issuer, CommandDesk(model, issuer, app.producer.send, wall_ms), origins, memory))
    return app


def inputs() -> tuple[str, ...]:
    """Every topic the console reads, and all dead letters."""
    read = [topic.name for topic in TOPICS.values() if SERVICE in topic.consumers]
    return (*read, *(topic.dead for topic in TOPICS.values() if topic.dead))


def wall_ms() -> int:
    """The wall clock in ms."""
    return int(time.time() * 1000)
