"""Embedders give unit rows, the pinned model and no other; like meanings lie near each other."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from revloop.contracts.failures import Retry
from revloop.stores.embeddings import Embedder, HashedEmbedder
from revloop.stores.embeddings_bedrock import BedrockRefused, TitanEmbedder
from revloop.stores.minilm import MiniLm, NoModel
from revloop.stores.minilm.wordpiece import WordPiece

TEXTS = ["They cannot pay that much.", "Too expensive for them.", "The ship left the harbour.", "", "  ", "日本語", "é"]


@pytest.mark.parametrize("embedder", [MiniLm(), HashedEmbedder(), HashedEmbedder(64)], ids=["minilm", "hashed", "64"])
def test_rows_are_unit_and_alone_as_in_company(embedder: Embedder) -> None:
    rows = embedder.embed(TEXTS)
    assert rows.shape == (len(TEXTS), embedder.dim)
    assert rows.dtype == np.float32
    lengths = np.linalg.norm(rows, axis=1)
    assert all(length == pytest.approx(1, abs=1e-5) or length == 0 for length in lengths)
    alone = np.vstack([embedder.embed([text]) for text in TEXTS])
    assert np.min(np.sum(alone * rows, axis=1)[lengths > 0]) > 0.99  # 8-bit sums depend a little on the batch
    assert embedder.embed([]).shape == (0, embedder.dim)


def test_the_model_knows_meanings() -> None:
    rows = MiniLm().embed(TEXTS[:3])
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2


def test_another_file_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with pytest.raises(NoModel, match="make setup"):
        MiniLm(path)
    path.write_bytes(b"another model")
    with pytest.raises(NoModel, match="not the pinned model"):
        MiniLm(path)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Hello, World!", ["[CLS]", "hello", ",", "world", "!", "[SEP]"]),
        ("Unaffable naïveté", ["[CLS]", "una", "##ffa", "##ble", "naive", "##te", "[SEP]"]),
        ("日本", ["[CLS]", "日", "本", "[SEP]"]),
        ("x" * 101, ["[CLS]", "[UNK]", "[SEP]"]),
        ("", ["[CLS]", "[SEP]"]),
    ],
)
def test_words_break_into_pieces_of_the_vocabulary(text: str, pieces: list[str]) -> None:
    reading = WordPiece()
    names = {number: name for name, number in reading._numbers.items()}
    assert [names[number] for number in reading.numbers(text, 256)] == pieces


def test_a_text_is_cut_where_the_model_ends() -> None:
    assert len(WordPiece().numbers("word " * 500, 256)) == 256


class Titan(BaseHTTPRequestHandler):
    """The part of Bedrock's answer that the adapter reads, written after its documentation."""

    status = 200
    seen: tuple[str, object] = ("", None)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        type(self).seen = (self.path, body)
        answer = {"embedding": [3.0] * body["dimensions"], "inputTextTokenCount": 1}
        refused = {"message": "refused"}
        data = json.dumps(answer if self.status == 200 else refused).encode()
        self.send_response(self.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        if self.status != 200:
            kind = {403: "AccessDeniedException", 503: "ServiceUnavailableException"}[self.status]
            self.send_header("x-amzn-errortype", kind)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def titan(monkeypatch: pytest.MonkeyPatch) -> Iterator[TitanEmbedder]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Titan)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Titan.status = 200
    yield TitanEmbedder("eu-central-1", dim=256, endpoint=f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()
    thread.join()


def test_titan_is_asked_for_each_text(titan: TitanEmbedder) -> None:
    rows = titan.embed(["one", "", "two"])
    assert rows.shape == (3, 256)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 0, 1])
    path, body = Titan.seen
    assert path == "/model/amazon.titan-embed-text-v2%3A0/invoke"
    assert body == {"inputText": "two", "dimensions": 256, "normalize": True}


def test_titan_tells_what_heals_by_waiting(titan: TitanEmbedder) -> None:
    Titan.status = 503
    with pytest.raises(Retry):
        titan.embed(["one"])
    Titan.status = 403
    with pytest.raises(BedrockRefused, match="credentials"):
        titan.embed(["one"])
    with pytest.raises(ValueError, match="256, 512, 1024"):
        TitanEmbedder("eu-central-1", dim=384)
