"""What is remembered, and how it is found again."""

import msgspec


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A text about an account, bound to the record that it comes from."""

    artifact_id: str
    account_id: str
    kind: str
    """What it is: ``support_case``, ``interaction``, ``meeting``, and so on."""
    at: int
    """When it was so (ms, tenant's clock); what is older than what is kept changes nothing."""
    title: str
    text: str
    snapshot_id: str
    """Record that says so."""
    entity: str
    """The record's name, as evidence has it: ``entity_type/entity_id``."""
    source: str
    """Connector."""


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A passage that answers a question."""

    artifact_id: str
    chunk: int
    account_id: str
    kind: str
    at: int
    title: str
    passage: str
    snapshot_id: str
    entity: str
    source: str
    score: float
    """Reciprocal ranks, added up."""
    by_meaning: int | None
    """Rank among the nearest vectors, from 1; null where it is not among them."""
    by_words: int | None
    """Rank in full text, from 1; null where it is not among them."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Passages, best first, and what could not be asked."""

    hits: tuple[Hit, ...]
    degraded: str
    """Why only words were compared; empty where meaning was too."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a write."""

    waiting: int
    """Artifacts whose vectors are still to be written; their text is kept and found by words."""
    because: str
    """Why; empty where nothing waits."""
