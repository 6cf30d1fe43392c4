"""Bad input at the edge and in the log: a clear error or a dead letter, every process alive, and law 4 adds up."""

import csv
import json
from urllib.parse import quote
from zlib import crc32

import httpx
import pytest

from revloop.cli.home import SERVICES
from tests.loops import Loop

LAST = "2018-03-01T00:00:00Z"


class Edge:
    """Sends what no well-behaved vendor would."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.url = loop.home.url("ingest")
        token = (loop.home.directory / "identity" / "feed.token").read_text()
        self.headers = {"authorization": f"Bearer {token}"}

    def feed(self, *lines: dict[str, object], tenant: str = "nyc") -> httpx.Response:
        body = "\n".join(json.dumps(line) for line in lines).encode()
        return httpx.post(f"{self.url}/v1/feed/{tenant}", content=body, headers=self.headers, timeout=30)

    def page(self, seq: int, body: str, connector: str = "salesforce") -> dict[str, object]:
        return {"at": LAST, "seq": seq, "connector": connector, "mode": "poll", "resource": "Opportunity", "body": body}

    def law_4(self) -> dict[str, dict[str, int]]:
        self.loop.rest()
        return {row["connector"]: row for row in self.loop.api().get("/v1/accounts-of-law-4")}

    def waiting(self) -> list[str]:
        self.loop.rest()
        return [row["entity"]["entity_key"] for row in self.loop.api().get("/v1/parked", limit=1000)]

    def reasons(self) -> list[str]:
        self.loop.rest()
        return [row["reason"] for row in self.loop.api().get("/v1/dead", limit=1000)]


@pytest.fixture
def edge(nyc_loop: Loop) -> Edge:
    return Edge(nyc_loop)


def record(**fields: object) -> str:
    sound = {
        "attributes": {"type": "Opportunity"},
        "Id": "006BADBADBADBADBAD",
        "PID__c": "9001",
        "Account": {"Name": "DEP"},
        "StageName": "Design",
        "Amount": 1.0,
        "CloseDate": "2019-01-01",
        "SystemModstamp": "2018-03-01T00:00:00.000+0000",
    }
    return json.dumps({"records": [{**sound, **fields}]})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"records": [', "bad_json"),
        ('"just a text"', "unknown_shape"),
        ('[{"errorCode": "INVALID_SESSION_ID", "message": "x"}]', "vendor_error"),
        (record(Id=None), "missing_id"),
        (record(PID__c=""), "missing_id"),
        (record(CloseDate="soon"), "wrong_type"),
        (record(Amount="12"), "wrong_type"),
        (record(SystemModstamp=None), "wrong_type"),
        (record(attributes={"type": "Lead"}), "unmapped_object"),
        (record(Id="6" * 5000), "id_too_long"),
        ("[" * 100_000, "bad_json"),
    ],
)
def test_a_bad_body_becomes_a_dead_letter(edge: Edge, body: str, reason: str) -> None:
    before = edge.reasons().count(reason)
    assert edge.feed(edge.page(crc32(body.encode()), body)).status_code == 200
    assert edge.reasons().count(reason) == before + 1
    assert_law_4(edge)


def test_an_unknown_connector_is_dead_not_lost(edge: Edge) -> None:
    edge.feed(edge.page(1, "{}", connector="fax"))
    assert "unknown_connector" in edge.reasons()
    assert edge.law_4()["fax"]["dead"] == 1


def test_odd_ids_stay_themselves(edge: Edge) -> None:
    odd = "a|b#c d/é%7C"
    before = edge.law_4()["salesforce"]["records"]
    later = "2018-03-01T00:00:01.000+0000"
    for seq, changes in ((2, {}), (4, {"CloseDate": "2019-06-01", "SystemModstamp": later})):
        edge.feed(edge.page(seq, record(Id="006" + odd, PID__c=odd, Account={"Name": odd}, **changes)))
    assert edge.law_4()["salesforce"]["records"] == before + 2
    rows = list(csv.DictReader(edge.loop.api().text("/v1/signals.csv").splitlines()))
    assert ("CLOSE_DATE_SLIPPED", odd) in [(row["signal"], row["entity"]) for row in rows if row["account"] == odd]
    assert edge.loop.api().get(f"/v1/accounts/{quote(odd, safe='')}/state")["account_id"] == odd
    assert_law_4(edge)


def test_a_record_waits_until_its_account_is_named(edge: Edge) -> None:
    nobodys = record(Id="006WAITSWAITSWAITS", PID__c="9003", Account=None)
    edge.feed(edge.page(4, nobodys))
    before = edge.waiting()
    assert "9003" in before
    edge.feed(
        edge.page(5, record(Id="006WAITSWAITSWAITS", PID__c="9003", SystemModstamp="2018-03-01T00:00:01.000+0000"))
    )
    assert edge.waiting() == [key for key in before if key != "9003"]
    assert_law_4(edge)


def test_the_same_delivery_twice_counts_once(edge: Edge) -> None:
    page = edge.page(3, record(Id="006TWICETWICETWICE", PID__c="9002"))
    edge.feed(page, page)
    row = edge.law_4()["salesforce"]
    assert row["duplicate"] >= 1
    assert_law_4(edge)


def test_time_does_not_go_back(edge: Edge) -> None:
    edge.feed({"at": "2001-01-01T00:00:00Z", "tick": True})
    assert "tick_backwards" in edge.reasons()


def test_a_body_of_50_mb_is_refused_at_the_door(edge: Edge) -> None:
    response = httpx.post(f"{edge.url}/v1/webhooks/itsm/jira", content=b"x" * 50 * 2**20, timeout=60)
    assert response.status_code == 413
    assert "at most" in response.text


def test_a_large_body_without_a_length_is_refused_on_the_way(edge: Edge) -> None:
    pieces = (b"x" * 2**20 for _ in range(50))
    try:
        status = httpx.post(f"{edge.url}/v1/webhooks/itsm/jira", content=pieces, timeout=60).status_code
    except httpx.WriteError:
        status = 413  # the server answered and closed while we were still sending
    assert status == 413


@pytest.mark.parametrize(("path", "status"), [("nobody/jira", 404), ("itsm/fax", 404), ("nyc/jira", 404)])
def test_a_webhook_for_nobody_is_404(edge: Edge, path: str, status: int) -> None:
    assert httpx.post(f"{edge.url}/v1/webhooks/{path}", content=b"{}", timeout=10).status_code == status


def test_a_webhook_is_stored_before_it_is_acknowledged(edge: Edge) -> None:
    headers = {"x-atlassian-webhook-identifier": "one-and-the-same"}
    answers = [
        httpx.post(f"{edge.url}/v1/webhooks/itsm/jira", content=b'{"issue"', headers=headers, timeout=10)
        for _ in (1, 2)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()  # the vendor's second try is the same delivery


def test_a_malformed_feed_names_its_line(edge: Edge) -> None:
    response = edge.feed({"at": LAST, "tick": True}, {"at": "yesterday", "tick": True})
    assert response.status_code == 422
    assert "line 2" in response.text
    assert httpx.post(f"{edge.url}/v1/feed/nyc", content=b"", timeout=10).status_code == 401


def test_every_process_is_alive(edge: Edge) -> None:
    for service in SERVICES:
        assert httpx.get(f"{edge.loop.home.url(service)}/live", timeout=5).status_code == 200


def assert_law_4(edge: Edge) -> None:
    for row in edge.law_4().values():
        assert row["deliveries"] == row["empty"] + row["parsed"] + row["duplicate"] + row["dead"]
        assert row["items"] == row["records"] + row["item_duplicates"] + row["item_parked"] + row["item_dead"]
