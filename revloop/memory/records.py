"""A record and what people wrote in it come in; the artifact to keep, or the name of one to erase, goes out."""

from revloop.contracts.generated.events import Snapshot, SnapshotChange
from revloop.contracts.ids import derive_id
from revloop.memory.artifact import Artifact

DELETED = "deleted"


def artifact_id(snapshot: Snapshot) -> str:
    """One for each account that has the record: a meeting may belong to several."""
    entity = snapshot.entity
    return derive_id("art", snapshot.account_id, entity.connector, entity.entity_type, entity.entity_id)


def is_gone(snapshot: Snapshot) -> bool:
    """The record left its account, or was deleted at its source."""
    return snapshot.change is SnapshotChange.left or snapshot.fields.get(DELETED) is True


def artifact(snapshot: Snapshot, title: str, text: str) -> Artifact:
    """The text with its place."""
    entity = snapshot.entity
    return Artifact(
        artifact_id=artifact_id(snapshot),
        account_id=snapshot.account_id,
        kind=entity.entity_type,
        at=snapshot.observed_at,
        title=title,
        text=text,
        snapshot_id=snapshot.snapshot_id,
        entity=f"{entity.entity_type}/{entity.entity_id}",
        source=entity.connector,
    )
