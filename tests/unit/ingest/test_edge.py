"""What the edge refuses before anything is stored; what it stores is shown by the tests with a broker."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from fastapi import HTTPException, Request
from pydantic import ValidationError

from revloop.contracts.codec import Codec
from revloop.integrations import load_signatures
from revloop.integrations.signature import Push
from revloop.streams import EdgeProducer
from revloop.tenants import BadProfile, ConnectorProfile, Profile, Registry
from revloop.tenants.profile import Clock
from services.ingest.admission import as_push, is_loopback, local_secret, require_signature
from services.ingest.app import create
from services.ingest.edge import create_edge
from services.ingest.settings import Settings
from tests.unit.ingest.desk import CRM, HELP_DESK, PROFILE

SECRET_NAME = "REVLOOP_TEST_WEBHOOK_SECRET"
SIGNED = ConnectorProfile(objects=HELP_DESK.objects, webhook_secret_env=SECRET_NAME)
PLAIN = ConnectorProfile(webhook_secret_env=SECRET_NAME)
WALL = Profile(
    tenant="now",
    clock=Clock.WALL,
    connectors={"jira": SIGNED, "salesforce": CRM, "hubspot": PLAIN, "ms-graph-calendar": PLAIN},
)
JIRA = load_signatures()["jira"]
LIMIT = 1000
NOWHERE = "127.0.0.1:9"


class Edge:
    """The edge without a broker: nothing that is refused needs one."""

    def __init__(self, home: Path, producer: EdgeProducer, public_url: str = "") -> None:
        settings = Settings(home=home, max_body_bytes=LIMIT, public_url=public_url)
        self._app = create_edge(settings, Registry([PROFILE, WALL]), producer, lambda _: 0)
        self.token = {b"authorization": f"Bearer {local_secret(home)}".encode()}

    def post(
        self,
        path: str,
        content: bytes | AsyncIterator[bytes] = b"{}",
        headers: Mapping[bytes, bytes] | None = None,
        method: str = "POST",
    ) -> httpx.Response:
        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://edge") as client:
                return await client.request(method, path, content=content, headers=headers)

        return asyncio.run(answer())

    def feed(self, *lines: object, tenant: str = "t") -> tuple[int, str]:
        text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        answer = self.post(f"/v1/feed/{tenant}", text.encode(), self.token)
        return answer.status_code, answer.text


@pytest.fixture(scope="module")
def producer() -> Iterator[EdgeProducer]:
    made = EdgeProducer(Settings(), Codec(), {"bootstrap.servers": NOWHERE, "log_level": 0})
    yield made
    made.close()


@pytest.fixture
def edge(tmp_path: Path, producer: EdgeProducer) -> Edge:
    return Edge(tmp_path, producer)


@pytest.mark.parametrize("path", ["nobody/jira", "t/fax", "t%7C/jira"])
def test_a_webhook_for_nobody_is_404(edge: Edge, path: str) -> None:
    assert edge.post(f"/v1/webhooks/{path}").status_code == 404


def test_a_body_over_the_limit_is_413(edge: Edge) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(1000):
            given.append(600)
            yield b"x" * 600

    given: list[int] = []
    assert edge.post("/v1/webhooks/t/jira", b"x" * (LIMIT + 1)).status_code == 413
    assert edge.post("/v1/webhooks/t/jira", pieces()).status_code == 413
    assert len(given) < 10, "given up on the way, not at the end"


def test_a_false_signature_is_401(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET_NAME, "s3cret")
    for signature in (b"", b"sha256=00", b"\xff"):
        answer = edge.post("/v1/webhooks/now/jira", headers={b"x-hub-signature": signature})
        assert answer.status_code == 401
    assert edge.post("/v1/webhooks/now/jira").status_code == 401


def test_a_webhook_whose_secret_is_not_set_waits(edge: Edge) -> None:
    answer = edge.post("/v1/webhooks/now/jira")
    assert (answer.status_code, SECRET_NAME in answer.text) == (503, True)


def pushed(body: bytes, headers: Mapping[str, str]) -> Push:
    return Push(method="POST", url="http://edge/v1/webhooks/now/jira", headers=headers, body=body, now=0)


def test_a_true_signature_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET_NAME, "s3cret")
    body = b'{"a": 1}'
    headers = {"x-hub-signature": "sha256=" + hmac.new(b"s3cret", body, sha256).hexdigest()}
    require_signature(SIGNED, JIRA, pushed(body, headers), "0.0.0.0")
    with pytest.raises(HTTPException) as refused:
        require_signature(SIGNED, JIRA, pushed(body + b" ", headers), "0.0.0.0")
    assert refused.value.status_code == 401


def test_unsigned_webhooks_are_taken_on_loopback_only() -> None:
    require_signature(HELP_DESK, JIRA, pushed(b"", {}), "127.0.0.1")
    with pytest.raises(HTTPException) as refused:
        require_signature(HELP_DESK, JIRA, pushed(b"", {}), "0.0.0.0")
    assert refused.value.status_code == 403
    assert [is_loopback(host) for host in ("::1", "localhost", "::", "example.org")] == [True, True, False, False]


@pytest.mark.parametrize(
    ("public_url", "called"),
    [
        ("", "http://edge"),
        ("https://hooks.example.com", "https://hooks.example.com"),
        ("https://example.com/revloop/", "https://example.com/revloop"),
    ],
)
def test_the_address_is_the_one_that_the_vendor_called(public_url: str, called: str) -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/webhooks/a b/jira",
        "raw_path": b"/v1/webhooks/a%20b/jira",
        "query_string": b"x=%3a&y=",
        "headers": [(b"host", b"edge"), (b"x-signature", b"\xe9")],
    }
    push = as_push(Request(scope), b"{}", public_url, 7)
    assert push.url == f"{called}/v1/webhooks/a%20b/jira?x=%3a&y="
    assert (push.method, push.body, push.now, push.headers) == ("POST", b"{}", 7, {"host": "edge", "x-signature": "é"})
    assert as_push(Request({**scope, "query_string": b""}), b"", public_url, 7).url.endswith("/jira")


def test_a_signature_for_another_address_is_401(
    tmp_path: Path, producer: EdgeProducer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET_NAME, "s3cret")
    stamp = str(int(time.time() * 1000))
    path = "/v1/webhooks/now/hubspot"
    mac = hmac.new(b"s3cret", f"POSThttp://edge{path}{{}}{stamp}".encode(), sha256).digest()
    headers = {b"x-hubspot-signature-v3": base64.b64encode(mac), b"x-hubspot-request-timestamp": stamp.encode()}
    answer = Edge(tmp_path, producer, "https://hooks.example.com").post(path, headers=headers)
    assert (answer.status_code, "address" in answer.text) == (401, True)


@pytest.mark.parametrize("url", ["hooks.example.com", "ftp://example.com", "https://", "https://example.com?x=1"])
def test_a_public_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="public_url"):
        Settings(public_url=url)


def test_a_vendor_that_asks_whose_this_is_hears_its_token(edge: Edge) -> None:
    answer = edge.post("/v1/webhooks/now/ms-graph-calendar?validationToken=%3Cb%3E+a%3a%2B", b"")
    assert (answer.status_code, answer.text) == (200, "<b> a:+")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert edge.post("/v1/webhooks/nobody/ms-graph-calendar?validationToken=a").status_code == 404
    assert edge.post("/v1/webhooks/now/jira?validationToken=a").status_code == 503, "no other vendor asks so"


def test_a_vendor_may_ask_whether_webhooks_are_taken(edge: Edge) -> None:
    assert edge.post("/v1/webhooks/t/jira", method="HEAD").status_code == 200
    assert edge.post("/v1/webhooks/t/fax", method="HEAD").status_code == 404


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer x", "Bearer é"])
def test_feeding_and_polling_need_the_local_token(edge: Edge, authorization: str) -> None:
    headers = {b"authorization": authorization.encode()}
    assert edge.post("/v1/feed/t", headers=headers).status_code == 401
    assert edge.post("/v1/poll/t/salesforce", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("{", 422, "line 2"),
        ('{"at": "\\ud800"}', 422, "line 2"),
        ({"at": "yesterday"}, 422, "line 2"),
        ({"at": "1969-12-31T23:59:59Z"}, 422, "before 1970"),
        ({"at": "2018-01-01", "seq": -1}, 422, "seq"),
        ({"at": "2018-01-01", "seq": 2**63}, 422, "seq"),
        ({"at": "2018-01-01", "mode": "outcome"}, 422, "outcome"),
        ({"at": "2018-01-01", "colour": "red"}, 422, "colour"),
        ({"at": "2018-01-01", "connector": "jira", "body": "x" * (LIMIT + 1)}, 413, "at most 1000"),
    ],
)
def test_a_bad_feed_names_the_line_and_stores_nothing(edge: Edge, line: object, status: int, said: str) -> None:
    found, text = edge.feed({"at": "2018-01-01", "tick": True}, line)
    assert found == status
    assert said in text


def test_the_wall_clock_cannot_be_fed(edge: Edge) -> None:
    status, text = edge.feed({"at": "2018-01-01", "tick": True}, tenant="now")
    assert (status, "wall clock" in text) == (422, True)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("nobody/salesforce", 404, "nobody"),
        ("t/fax", 404, "fax"),
        ("t/jira", 409, "webhooks"),
        ("t/salesforce", 409, "REVLOOP_SALESFORCE_URL"),
    ],
)
def test_a_poll_that_cannot_be_asked_says_why(edge: Edge, path: str, status: int, said: str) -> None:
    answer = edge.post(f"/v1/poll/{path}", headers=edge.token)
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True)


def test_the_token_is_made_once_and_for_the_owner(tmp_path: Path) -> None:
    assert local_secret(tmp_path) == local_secret(tmp_path)
    [token] = (tmp_path / "identity").iterdir()
    assert token.stat().st_mode & 0o777 == 0o600
    assert len(token.read_text()) == 64


def test_a_vendor_nobody_can_read_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("tenant: t\nconnectors: {salesfroce: {}}\n")
    with pytest.raises(BadProfile, match=r"salesfroce; this release knows amplitude.*, jira, .*salesforce"):
        create(Settings(home=tmp_path, tenants_dir=tmp_path))
