"""Delivery folders come in; what people wrote in them goes to a memory, as the console keeps it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from revloop.contracts.generated import topics
from revloop.contracts.generated.events import Delivery, Envelope, Snapshot
from revloop.contracts.times import iso
from revloop.integrations import load_normalisers, load_texts
from revloop.memory.artifact import Artifact
from revloop.memory.records import artifact, artifact_id, is_gone
from revloop.provenance.texts import Texts
from revloop.replay.deliveries import events
from revloop.replay.pipeline import Pipeline, Stage
from revloop.tenants import Registry
from services.ingest.core.resolver import ResolverCore


def texts_of(folders: Sequence[Path], registry: Registry, tenant: str, until: int | None) -> Sequence[Artifact]:
    """What is written about a tenant's accounts at the end, or at a moment (ms). Raises RevloopError.

    Memory taken grows with the bodies of the folders: a record that waits for its account has its text in an old one.
    """
    found: dict[str, Artifact] = {}
    bodies: dict[str, Delivery] = {}
    texts = Texts(load_normalisers(), load_texts())

    def listen(event: Envelope) -> None:
        if isinstance(event, Snapshot):
            _take(found, bodies, texts, event)

    stage = Stage("ingest", ResolverCore(registry, load_normalisers()), (topics.RAW_DELIVERIES,))
    pipeline = Pipeline([stage])
    pipeline.listen(topics.RAW_SNAPSHOTS, listen)
    for event in events(folders, registry, tenant, None if until is None else iso(until)):
        if isinstance(event, Delivery):
            bodies[event.event_id] = event
        pipeline.feed(topics.RAW_DELIVERIES, event)
    return list(found.values())


def _take(found: dict[str, Artifact], bodies: Mapping[str, Delivery], texts: Texts, snapshot: Snapshot) -> None:
    name = artifact_id(snapshot)
    if is_gone(snapshot):
        found.pop(name, None)
        return
    delivery = bodies.get(snapshot.delivery_id)
    title, text = texts.of(snapshot, delivery.resource if delivery else "", delivery.body if delivery else None)
    if text:
        found[name] = artifact(snapshot, title, text)
