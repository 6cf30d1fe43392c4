"""The port of embeddings: texts come in, unit vectors go out, so that texts of like meaning lie near each other.

Vectors of different embedders say nothing to each other: whoever stores them keeps them apart by ``Embedder.id``.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Protocol
from zlib import crc32

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]


class Embedder(Protocol):
    """One model in one version."""

    @property
    def id(self) -> str:
        """``name/version``; another one for anything that changes a vector."""
        ...

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> Matrix:
        """A row for each text, of length 1 (of length 0 for a text without content). Raises Retry."""
        ...


class HashedEmbedder:
    """Words and their letters, hashed: needs no model, and finds words and their forms, not meanings."""

    id = "hashed-ngrams/1"

    def __init__(self, dim: int = 384) -> None:
        self.dim = dim

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Every feature has its place and sign by its hash; the more often it occurs, the less each time counts."""
        found = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(found, texts, strict=True):
            for feature in _features(text):
                digest = crc32(feature.encode())
                row[(digest >> 1) % self.dim] += 1.0 if digest & 1 else -1.0
        return unit(np.sign(found) * np.sqrt(np.abs(found)))


def unit(rows: Matrix) -> Matrix:
    """Every row scaled to length 1; one of zeros stays."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths == 0, 1.0, lengths), dtype=np.float32)


def _features(text: str) -> Iterator[str]:
    for word in re.findall(r"\w+", text.lower()):
        yield word
        padded = f"<{word}>"
        yield from (padded[place : place + 4] for place in range(len(padded) - 3))
