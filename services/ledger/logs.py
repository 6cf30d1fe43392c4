"""Batches of ledger entries come in; each is in its tenant's log, once, before its receipt goes out."""

import os
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from revloop.contracts.envelope import caused
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import LedgerEntry, LedgerReceipt
from revloop.contracts.ids import derive_id
from revloop.contracts.keys import tenant_key
from revloop.proof.hashes import leaf_hash
from revloop.proof.notes import Ed25519Signer
from revloop.proof.writer import LogWriter
from revloop.stage import Emit
from revloop.stores.blobs import Blobs
from revloop.streams import Received
from services.ledger.core.leaf import Leaf, leaf
from services.ledger.index import EntryIndex

SOURCE = "ledger"


class TenantLogs:
    """All logs of one ledger folder: ``<folder>/<tenant>/`` with ``vkey``; keys lie apart, readable by their owner."""

    def __init__(self, folder: Path, keys: Path, index: EntryIndex, blobs: Blobs) -> None:
        self._folder = folder
        self._keys = keys
        self._index = index
        self._blobs = blobs
        self._writers: dict[str, LogWriter] = {}
        for tenant in index.tenants():
            self._catch_up(tenant)  # a crash may have left placed entries outside the tiles

    def handle(self, batch: Sequence[Received]) -> Sequence[Emit]:
        """Record a batch, publish, and answer each entry with its index."""
        entries = [received.event for received in batch if isinstance(received.event, LedgerEntry)]
        entries.sort(key=lambda entry: entry.tenant_id)  # stable: the order within a tenant stays
        emits: list[Emit] = []
        for tenant, group in groupby(entries, key=lambda entry: entry.tenant_id):
            emits += self._record(tenant, list(group))
        return emits

    def _record(self, tenant: str, entries: list[LedgerEntry]) -> list[Emit]:
        secret = self._key(tenant).private_bytes_raw()
        leaves = [leaf(entry, secret) for entry in entries]
        for sealed in leaves:
            self._blobs.put(sealed.sealed)
        placed = self._index.place(tenant, [(e.entry_id, lf.data) for e, lf in zip(entries, leaves, strict=True)])
        self._catch_up(tenant)
        return [_receipt(e, lf, p.index) for e, lf, p in zip(entries, leaves, placed, strict=True)]

    def _catch_up(self, tenant: str) -> None:
        writer = self.writer(tenant)
        start = writer.size
        if missing := self._index.leaves_from(tenant, start):
            writer.append(missing, start)
            writer.publish()
            self._index.published(tenant, start, writer.size)

    def writer(self, tenant: str) -> LogWriter:
        """The tenant's log, opened when first needed."""
        if tenant not in self._writers:
            signer = Ed25519Signer(f"revloop/{tenant_key(tenant)}", self._key(tenant))
            directory = self._folder / tenant_key(tenant)
            self._writers[tenant] = LogWriter.open(directory, signer.key.name, signer)
            (directory / "vkey").write_text(signer.key.vkey + "\n")
        return self._writers[tenant]

    def _key(self, tenant: str) -> Ed25519PrivateKey:
        path = self._keys / f"{tenant_key(tenant)}.key"
        if not path.exists():
            self._keys.mkdir(parents=True, exist_ok=True, mode=0o700)
            key = Ed25519PrivateKey.generate()
            pem = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(pem)
        found = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(found, Ed25519PrivateKey):
            raise ValueError(f"{path} is no Ed25519 key: restore it from its copy, a log has one key for life")
        return found


def _receipt(entry: LedgerEntry, sealed: Leaf, index: int) -> Emit:
    receipt = caused(
        LedgerReceipt,
        entry,
        event_id=derive_id("rcp", entry.entry_id),
        source=SOURCE,
        caused_by=entry.caused_by,
        entry_id=entry.entry_id,
        kind=entry.kind.value,
        subject_id=entry.subject_id,
        index=index,
        leaf_hash=leaf_hash(sealed.data).hex(),
    )
    return Emit(topics.LEDGER_RECEIPTS, receipt)
