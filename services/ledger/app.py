"""Wires the ledger: entries in, logs on disk, receipts out."""

from revloop.contracts.generated import topics
from revloop.stores.blobs import DirectoryBlobs
from revloop.stores.lock import FolderLock
from revloop.streams import ServiceApp, SinkSpec
from services.ledger.index import EntryIndex
from services.ledger.logs import TenantLogs
from services.ledger.settings import Settings

SERVICE = "ledger"


def create(settings: Settings) -> ServiceApp:
    """The service, ready to run."""
    app = ServiceApp(SERVICE, settings)
    app.hold(FolderLock(settings.data(SERVICE)))
    index = EntryIndex(settings.data(SERVICE) / "index.sqlite")
    blobs = DirectoryBlobs(settings.home / "blobs")
    logs = TenantLogs(settings.home / "ledger", settings.home / "identity" / "ledger", index, blobs)
    app.add_sink(SinkSpec("entries", (topics.LEDGER_ENTRIES,), logs.handle))
    return app
