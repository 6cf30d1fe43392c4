"""Memories over a folder, and short ways to write artifacts."""

from collections.abc import Iterable
from pathlib import Path

from revloop.memory.artifact import Artifact
from revloop.memory.store import Memory
from revloop.stores.embeddings import Embedder, HashedEmbedder
from revloop.stores.vectors import Vectors
from revloop.stores.vectors_sqlite import SqliteVectors


def memory(folder: Path, embedder: Embedder | None = None, vectors: Vectors | None = None) -> Memory:
    return Memory(folder / "texts", embedder or HashedEmbedder(), vectors or SqliteVectors(folder / "vectors"))


def note(name: str, text: str, *, account: str = "a", kind: str = "note", at: int = 1) -> Artifact:
    return Artifact(
        artifact_id=name,
        account_id=account,
        kind=kind,
        at=at,
        title=f"Title of {name}",
        text=text,
        snapshot_id=f"snapshot of {name}",
        entity=f"{kind}/{name}",
        source="zendesk",
    )


def holding(folder: Path, needle: str | bytes) -> list[str]:
    """Files of a folder whose raw bytes hold a needle."""
    wanted = needle.encode() if isinstance(needle, str) else needle
    return [str(path) for path in sorted(folder.rglob("*")) if path.is_file() and wanted in path.read_bytes()]


def ids(hits: Iterable[object]) -> list[str]:
    return [hit.artifact_id for hit in hits]  # type: ignore[attr-defined]
