"""The port of vectors: those of one tenant and one embedder go in, the nearest come out; text is kept elsewhere.

A namespace is a tenant and an embedder: no question spans two of either. Writing is idempotent.
"""

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import quote, unquote

import msgspec
import numpy as np

from revloop.contracts.failures import RevloopError
from revloop.stores.embeddings import Matrix

MAX_K = 10_000


class Namespace(msgspec.Struct, frozen=True):
    """Whose vectors, and by which embedder."""

    tenant_id: str
    embedder_id: str

    @property
    def name(self) -> str:
        """``tenant#embedder``, each part percent-encoded: no part can pretend to be two."""
        return f"{prefix_of(self.tenant_id)}{quote(self.embedder_id, safe='')}"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk's place, without its text."""

    artifact_id: str
    chunk: int
    """Number of the chunk in the artifact, from 0."""
    account_id: str
    kind: str
    at: int
    """When the artifact was so (ms, tenant's clock)."""
    sha256: str
    """Of the chunk's text."""

    @property
    def id(self) -> str:
        """Id of the chunk within its tenant."""
        return f"{quote(self.artifact_id, safe='')}#{self.chunk}"


class Vector(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk's place and its vector, which has length 1."""

    place: Place
    values: Matrix
    """One row."""


class Near(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk and how near it lies: the cosine."""

    place: Place
    score: float


class BadVector(RevloopError):
    """A vector that is not of the namespace's kind. Nothing of the call was written."""


class Vectors(Protocol):
    """Deletions reach every copy that the store holds, caches among them. Every method raises Retry."""

    def upsert(self, namespace: Namespace, vectors: Sequence[Vector]) -> None:
        """Write vectors; raises BadVector."""
        ...

    def query(
        self, namespace: Namespace, values: Matrix, k: int, *, account_id: str | None = None, kinds: Sequence[str] = ()
    ) -> tuple[Near, ...]:
        """The ``k`` nearest, nearest first, then by id; of one account and of some kinds, where they are named."""
        ...

    def delete_artifact(self, namespace: Namespace, artifact_id: str) -> None:
        """Remove an artifact's chunks."""
        ...

    def delete_account(self, namespace: Namespace, account_id: str) -> None:
        """Remove an account's chunks."""
        ...

    def purge_tenant(self, tenant_id: str) -> None:
        """Remove everything of a tenant, whichever embedder made it."""
        ...

    def count(self, namespace: Namespace) -> int:
        """Chunks there."""
        ...


def prefix_of(tenant_id: str) -> str:
    """What the names of a tenant's namespaces begin with, and of no other's."""
    return f"{quote(tenant_id, safe='')}#"


def place_of(vector_id: str) -> tuple[str, int]:
    """Artifact and number of a chunk by its id."""
    artifact, _, number = vector_id.rpartition("#")
    return unquote(artifact), int(number)


def must_fit(vectors: Sequence[Vector], dim: int) -> None:
    """Raises BadVector for what is not ``dim`` numbers that can be compared."""
    for one in vectors:
        if one.values.shape != (dim,) or not np.isfinite(one.values).all():
            raise BadVector(
                f"chunk {one.place.id}: a vector of shape {one.values.shape} where {dim} finite numbers are kept:"
                " use one embedder in a namespace"
            )


def must_be_few(k: int) -> None:
    """Raises ValueError for an answer that could grow without end."""
    if not 1 <= k <= MAX_K:
        raise ValueError(f"ask for 1 to {MAX_K} vectors, not {k}")
