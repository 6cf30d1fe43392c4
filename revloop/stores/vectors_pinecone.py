"""Vectors in a Pinecone index: one namespace of the index for each of ours.

The index is made beforehand, with the embedder's dimension and the cosine metric. It is eventually consistent: what was
written shows up a little later, and what was deleted may be found for a moment more.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pinecone import Pinecone
from pinecone.errors.exceptions import (
    ApiError,
    NotFoundError,
    PineconeConnectionError,
    PineconeError,
    PineconeTimeoutError,
    RateLimitError,
    ServiceError,
)

from revloop.contracts.failures import Retry, RevloopError
from revloop.stores.embeddings import Matrix
from revloop.stores.vectors import Namespace, Near, Place, Vector, must_be_few, must_fit, place_of, prefix_of

BATCH = 100
"""Vectors a request: with 1,024 numbers each this stays under the vendor's 2 MB."""
PASSING = (PineconeConnectionError, PineconeTimeoutError, RateLimitError, ServiceError)


class PineconeRefused(RevloopError):
    """Pinecone will not do this, however often it is asked: the key, the index, or its dimension."""


class PineconeVectors:
    """One index; ``host`` is its address, as the vendor's console shows it."""

    def __init__(self, host: str, api_key: str, dim: int, *, timeout_s: float = 10.0) -> None:
        # the client repeats a call by itself for some seconds, and has no setting for that
        self._index: Any = Pinecone(api_key=api_key, timeout=timeout_s).Index(host=host)
        self._dim = dim
        self._host = host

    def upsert(self, namespace: Namespace, vectors: Sequence[Vector]) -> None:
        """Write vectors, in batches; a repeat writes the same."""
        must_fit(vectors, self._dim)
        for begin in range(0, len(vectors), BATCH):
            batch = [_shown(one) for one in vectors[begin : begin + BATCH]]
            with self._asking():
                self._index.upsert(vectors=batch, namespace=namespace.name)

    def query(
        self, namespace: Namespace, values: Matrix, k: int, *, account_id: str | None = None, kinds: Sequence[str] = ()
    ) -> tuple[Near, ...]:
        """The nearest."""
        must_be_few(k)
        wanted: dict[str, object] = {}
        if account_id is not None:
            wanted["account_id"] = {"$eq": account_id}
        if kinds:
            wanted["kind"] = {"$in": list(kinds)}
        question: dict[str, object] = {"vector": values.tolist(), "top_k": k, "namespace": namespace.name}
        with self._asking():
            found = self._index.query(**question, filter=wanted or None, include_metadata=True)
        near = [Near(place=_place(one.id, one.metadata), score=float(one.score)) for one in found.matches]
        return tuple(sorted(near, key=lambda one: (-one.score, one.place.id)))

    def delete_artifact(self, namespace: Namespace, artifact_id: str) -> None:
        """Remove an artifact's chunks."""
        self._delete(namespace, {"artifact_id": {"$eq": artifact_id}})

    def delete_account(self, namespace: Namespace, account_id: str) -> None:
        """Remove an account's chunks."""
        self._delete(namespace, {"account_id": {"$eq": account_id}})

    def purge_tenant(self, tenant_id: str) -> None:
        """Remove the tenant's namespaces."""
        with self._asking():
            pages = list(self._index.list_namespaces(prefix=prefix_of(tenant_id)))
        for name in [namespace.name for page in pages for namespace in page.namespaces]:
            with self._asking(absent_is_well=True):
                self._index.delete_namespace(name=name)

    def count(self, namespace: Namespace) -> int:
        """Chunks there, as far as the index has counted."""
        with self._asking():
            pages = list(self._index.list_namespaces(prefix=namespace.name))
        found = {one.name: one.record_count for page in pages for one in page.namespaces}
        return int(found.get(namespace.name, 0))

    def close(self) -> None:
        """End the connections."""
        self._index.close()

    def _delete(self, namespace: Namespace, which: Mapping[str, object]) -> None:
        with self._asking(absent_is_well=True):
            self._index.delete(filter=which, namespace=namespace.name)

    @contextmanager
    def _asking(self, *, absent_is_well: bool = False) -> Iterator[None]:
        """Failures as ours; with ``absent_is_well`` a namespace that is not there is no failure."""
        try:
            yield
        except PASSING as error:
            raise Retry(f"Pinecone at {self._host} cannot answer now: {error}") from error
        except NotFoundError as error:
            if not absent_is_well:
                raise PineconeRefused(f"{error}: is the index at {self._host}?") from error
        except ApiError as error:
            raise PineconeRefused(f"{error}: look at the key, and at the index's dimension ({self._dim})") from error
        except PineconeError as error:
            raise PineconeRefused(str(error)) from error


def _shown(one: Vector) -> dict[str, object]:
    place = one.place
    return {
        "id": place.id,
        "values": one.values.tolist(),
        "metadata": {
            "artifact_id": place.artifact_id,
            "account_id": place.account_id,
            "kind": place.kind,
            "at": place.at,
            "sha256": place.sha256,
        },
    }


def _place(vector_id: str, metadata: Mapping[str, object] | None) -> Place:
    known = metadata or {}
    artifact, chunk = place_of(vector_id)
    at = known.get("at")
    return Place(
        artifact_id=artifact,
        chunk=chunk,
        account_id=str(known.get("account_id", "")),
        kind=str(known.get("kind", "")),
        at=int(at) if isinstance(at, int | float) else 0,
        sha256=str(known.get("sha256", "")),
    )
