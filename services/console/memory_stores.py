"""Settings come in, the memory that they describe goes out."""

from pathlib import Path

from revloop.memory.store import Memory
from revloop.stores.embeddings import Embedder, HashedEmbedder
from revloop.stores.embeddings_bedrock import TitanEmbedder
from revloop.stores.minilm import MiniLm
from revloop.stores.vectors import Vectors
from revloop.stores.vectors_pinecone import PineconeVectors
from revloop.stores.vectors_sqlite import SqliteVectors
from services.console.settings import EmbedderName, Settings


def open_memory(settings: Settings, folder: Path) -> Memory:
    """The memory under ``folder``. Raises RevloopError where its model or its index cannot be had."""
    embedder = _embedder(settings)
    return Memory(folder / "texts", embedder, _vectors(settings, folder, embedder.dim))


def _embedder(settings: Settings) -> Embedder:
    match settings.embedder:
        case EmbedderName.MINILM:
            return MiniLm()
        case EmbedderName.HASHED:
            return HashedEmbedder()
        case EmbedderName.BEDROCK:
            return TitanEmbedder(settings.bedrock_region)


def _vectors(settings: Settings, folder: Path, dim: int) -> Vectors:
    if settings.pinecone_host:
        return PineconeVectors(settings.pinecone_host, settings.pinecone_api_key.get_secret_value(), dim)
    return SqliteVectors(folder / "vectors")
