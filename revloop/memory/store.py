"""Texts about accounts go in by tenant; passages that answer a question come out, found by words and by meaning.

A text is kept and found by words as soon as it is written; its vectors follow from an outbox, so that an outage of the
vectors or of the embedder holds nobody and loses nothing. A tenant's texts lie in a folder of its own: a question is
asked there and nowhere else, and whatever a store of vectors answers, a passage is read only from that folder.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from revloop.contracts.failures import Retry
from revloop.memory.archive import Archive, Order, Passage
from revloop.memory.artifact import Artifact, Found, Hit, Kept
from revloop.stores.embeddings import Embedder, Matrix
from revloop.stores.passing import is_passing
from revloop.stores.tenant_folder import folder_name
from revloop.stores.vectors import Namespace, Vector, Vectors

DEPTH = 50
"""Passages that each way of asking puts forward."""
RANKS = DEPTH * 60 // 1000
"""Constant of reciprocal rank fusion. Its authors (Cormack, Clarke, Büttcher 2009) took 60 for lists of 1,000: with
lists of 50 that would let whatever is low in both pass what is first in one."""
MAX_LIMIT = DEPTH
BATCH = 64

Name = tuple[str, int]


class Memory:
    """One writer; the folder is held by a FolderLock of whoever opens it."""

    def __init__(self, folder: Path, embedder: Embedder, vectors: Vectors, *, wait_s: float = 5.0) -> None:
        self._folder = folder
        self._embedder = embedder
        self._vectors = vectors
        self._wait_s = wait_s
        self._archives: dict[str, Archive] = {}
        self._lock = RLock()

    def keep(self, tenant_id: str, artifacts: Sequence[Artifact]) -> None:
        """Keep texts; their vectors wait for ``catch_up``. Raises Retry while they cannot be kept."""
        with self._archive(tenant_id) as archive:
            archive.keep(artifacts)

    def remember(self, tenant_id: str, artifacts: Sequence[Artifact]) -> Kept:
        """Keep texts and write their vectors. Raises Retry while texts cannot be kept."""
        self.keep(tenant_id, artifacts)
        return self.catch_up(tenant_id)

    def catch_up(self, tenant_id: str) -> Kept:
        """Write the vectors that wait; those that cannot be written now wait on. Questions are answered meanwhile."""
        try:
            while self._caught_up_a_little(tenant_id):
                continue
        except Retry as error:
            with self._archive(tenant_id) as archive:
                return Kept(waiting=archive.waiting(), because=str(error))
        return Kept(waiting=0, because="")

    def forget(self, tenant_id: str, artifact_ids: Sequence[str]) -> None:
        """Texts that are no longer the tenant's records: gone at once, what was made of them with ``catch_up``."""
        with self._archive(tenant_id) as archive:
            for artifact_id in artifact_ids:
                archive.erase(artifact_id=artifact_id)

    def erase_artifact(self, tenant_id: str, artifact_id: str) -> int:
        """Destroy a text and everything made of it; see ``erase_account``."""
        return self._erase(tenant_id, artifact_id=artifact_id)

    def erase_account(self, tenant_id: str, account_id: str) -> int:
        """Destroy all texts of an account and everything made of them; gives their number.

        Raises Retry where vectors cannot be deleted now: the texts are gone, the rest follows with ``catch_up``.
        """
        return self._erase(tenant_id, account_id=account_id)

    def purge_tenant(self, tenant_id: str) -> None:
        """Destroy everything of a tenant. Raises Retry where vectors cannot be deleted now: ask again."""
        self._vectors.purge_tenant(tenant_id)
        with self._archive(tenant_id) as archive:
            del self._archives[tenant_id]
            archive.purge()

    def search(
        self,
        tenant_id: str,
        query: str,
        account: str | None = None,
        kinds: Sequence[str] | None = None,
        limit: int = 10,
    ) -> Found:
        """Passages of a tenant, of one account and some kinds where they are named, best first. Raises Retry."""
        if not 1 <= limit <= MAX_LIMIT:
            raise ValueError(f"ask for 1 to {MAX_LIMIT} passages, not {limit}")
        by_meaning, degraded = self._by_meaning(
            tenant_id, query, account, kinds or ()
        )  # slow in an outage: hold nobody
        with self._archive(tenant_id) as archive:
            by_words = archive.by_words(query, DEPTH, account, kinds or ())
            hits = _fused(archive, by_words, by_meaning, account, kinds, limit)
        return Found(hits=hits, degraded=degraded)

    def close(self) -> None:
        """Close every file."""
        with self._lock:
            for archive in self._archives.values():
                archive.close()
            self._archives.clear()

    def _by_meaning(
        self, tenant_id: str, query: str, account: str | None, kinds: Sequence[str]
    ) -> tuple[list[Name], str]:
        """The nearest chunks, and why there are none where they cannot be asked for."""
        try:
            question = self._embedder.embed([query])[0]
            if not question.any():
                return [], ""
            near = self._vectors.query(self._space(tenant_id), question, DEPTH, account_id=account, kinds=kinds)
        except Retry as error:
            return [], str(error)
        return [(one.place.artifact_id, one.place.chunk) for one in near], ""

    def _erase(self, tenant_id: str, *, artifact_id: str | None = None, account_id: str | None = None) -> int:
        with self._archive(tenant_id) as archive:
            count = archive.erase(artifact_id=artifact_id, account_id=account_id)
            archive.scrub()
        while self._caught_up_a_little(tenant_id):
            continue
        return count

    def _caught_up_a_little(self, tenant_id: str) -> bool:
        """Bring some vectors to what is kept now; false where nothing waits. The model runs while nothing is held."""
        with self._archive(tenant_id) as archive:
            orders = archive.orders(BATCH)
            names = dict.fromkeys(order.artifact_id for order in orders)
            passages = [passage for name in names for passage in archive.passages(name)]
        if not orders:
            return False
        rows = self._embedder.embed([one.text for one in passages])
        with self._archive(tenant_id) as archive:
            self._carry_out(tenant_id, archive, orders, zip(passages, rows, strict=True))
        return True

    def _carry_out(
        self, tenant_id: str, archive: Archive, orders: Sequence[Order], made: Iterable[tuple[Passage, Matrix]]
    ) -> None:
        """The same orders may come again; what was erased or replaced meanwhile has an order of its own."""
        space = self._space(tenant_id)
        for artifact_id in {order.artifact_id for order in orders if order.blob}:
            self._vectors.delete_artifact(space, artifact_id)
        still = [
            Vector(place=passage.place, values=row)
            for passage, row in made
            if row.any() and archive.passage(passage.place.artifact_id, passage.place.chunk) == passage
        ]
        self._vectors.upsert(space, still)
        archive.done(orders)

    def _space(self, tenant_id: str) -> Namespace:
        return Namespace(tenant_id, self._embedder.id)

    @contextmanager
    def _archive(self, tenant_id: str) -> Iterator[Archive]:
        with self._lock:
            try:
                if tenant_id not in self._archives:
                    self._archives[tenant_id] = Archive(self._folder / folder_name(tenant_id), self._wait_s)
                yield self._archives[tenant_id]
            except sqlite3.Error as error:
                if is_passing(error):
                    raise Retry(f"the memory in {self._folder} cannot be used now: {error}") from error
                raise


def _fused(
    archive: Archive,
    by_words: Sequence[Name],
    by_meaning: Sequence[Name],
    account: str | None,
    kinds: Sequence[str] | None,
    limit: int,
) -> tuple[Hit, ...]:
    """Reciprocal rank fusion; what is no longer kept, or is not what was asked for, is left out."""
    words = {name: rank for rank, name in enumerate(by_words, 1)}
    meaning = {name: rank for rank, name in enumerate(by_meaning, 1)}
    names = dict.fromkeys([*by_words, *by_meaning])
    scores = {name: sum(1 / (RANKS + ranks[name]) for ranks in (words, meaning) if name in ranks) for name in names}
    hits: list[Hit] = []
    for name in sorted(names, key=lambda one: (-scores[one], one)):
        passage = archive.passage(*name)
        if passage is None or not _is_wanted(passage, account, kinds):
            continue  # a store of vectors may lag behind what was erased, moved or replaced
        hits.append(_hit(passage, scores[name], meaning.get(name), words.get(name)))
        if len(hits) == limit:
            break
    return tuple(hits)


def _is_wanted(passage: Passage, account: str | None, kinds: Sequence[str] | None) -> bool:
    return (account is None or passage.place.account_id == account) and (not kinds or passage.place.kind in kinds)


def _hit(passage: Passage, score: float, by_meaning: int | None, by_words: int | None) -> Hit:
    place = passage.place
    return Hit(
        artifact_id=place.artifact_id,
        chunk=place.chunk,
        account_id=place.account_id,
        kind=place.kind,
        at=place.at,
        title=passage.title,
        passage=passage.text,
        snapshot_id=passage.snapshot_id,
        entity=passage.entity,
        source=passage.source,
        score=score,
        by_meaning=by_meaning,
        by_words=by_words,
    )
