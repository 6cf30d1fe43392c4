"""The Salesforce adapter against a stand-in process: each kind of failure is provoked for real, effects are counted."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from revloop.contracts.failures import ErrorKind, VendorError
from revloop.integrations.salesforce.client import (
    RecordVersion,
    SalesforceClient,
    Scalar,
    SubRequest,
    soql_literal,
)
from tests.processes import (
    ACCOUNT_ID,
    SalesforceStandin,
    opportunity_id,
    salesforce_log,
    start_standin_salesforce,
    wait_until,
)

KEY = "Revloop_Action_Id__c"
OPPORTUNITIES = 450


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SalesforceStandin]:
    folder = tmp_path_factory.mktemp("salesforce")
    log = salesforce_log(folder / "deliveries.jsonl", opportunities=OPPORTUNITIES)
    standin = start_standin_salesforce(folder / "state", data=log)
    yield standin
    standin.stop()


@pytest.fixture
def standin(shared: SalesforceStandin) -> Iterator[SalesforceStandin]:
    yield shared
    shared.clear_faults()


@pytest.fixture
def client(standin: SalesforceStandin) -> Iterator[SalesforceClient]:
    with connected(standin) as client:
        yield client


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Callable[..., SalesforceStandin]]:
    """Starts stand-ins that one test may kill."""
    started: list[SalesforceStandin] = []

    def start(state: str = "state", **flags: object) -> SalesforceStandin:
        log = salesforce_log(tmp_path / "deliveries.jsonl")
        started.append(start_standin_salesforce(tmp_path / state, data=log, **flags))
        return started[-1]

    yield start
    for standin in started:
        standin.kill()


def connected(standin: SalesforceStandin, *, timeout_s: float = 10.0, api_version: str = "v59.0") -> SalesforceClient:
    return SalesforceClient(
        standin.base_url, standin.client_id, standin.client_secret, timeout_s=timeout_s, api_version=api_version
    )


@contextmanager
def failing(kind: ErrorKind) -> Iterator[list[VendorError]]:
    """The block must raise a VendorError of this kind, which is in the list afterwards."""
    caught: list[VendorError] = []
    with pytest.raises(VendorError) as raised:
        yield caught
    caught.append(raised.value)
    assert raised.value.kind is kind, raised.value


def effects_on(standin: SalesforceStandin, record_id: str) -> list[dict[str, object]]:
    return [effect for effect in standin.effects() if effect["id"] == record_id]


def version_of(client: SalesforceClient, number: int) -> RecordVersion:
    return client.get("Opportunity", opportunity_id(number), ["Name"]).version


# reading


def test_a_record_comes_with_its_fields_and_version(client: SalesforceClient) -> None:
    record = client.get("Opportunity", opportunity_id(1), ["Name", "Amount", "NextStep", "Account.Name", "PID__c"])
    assert record.fields == {
        "Name": "Deal 001",
        "Amount": 1000.5,
        "NextStep": None,
        "Account.Name": "O'Neill & Söhne",
        "PID__c": "1",
    }
    assert record.version.modified_at_ms == 1_519_862_400_000
    assert record.version.settled
    assert client.api_usage is not None
    assert client.api_usage[1] == 15_000


def test_a_query_goes_over_all_pages(client: SalesforceClient) -> None:
    records = list(client.query("SELECT Id, Name, SystemModstamp FROM Opportunity ORDER BY Name DESC"))
    assert [record.fields["Name"] for record in records] == [f"Deal {n:03d}" for n in range(OPPORTUNITIES, 0, -1)]


def test_query_pages_are_the_bodies_on_the_wire(client: SalesforceClient) -> None:
    pages = [json.loads(page) for page in client.query_pages("SELECT Id FROM Opportunity")]
    assert [len(page["records"]) for page in pages] == [200, 200, 50]
    assert [page["done"] for page in pages] == [False, False, True]
    assert {page["totalSize"] for page in pages} == {OPPORTUNITIES}


def test_a_literal_cannot_end_its_quotes(client: SalesforceClient) -> None:
    wanted = soql_literal("O'Neill & Söhne")
    found = list(
        client.query(f"SELECT Id, Account.Name, SystemModstamp FROM Opportunity WHERE Account.Name = {wanted} LIMIT 2")
    )
    assert [record.fields["Account.Name"] for record in found] == ["O'Neill & Söhne"] * 2
    hostile = soql_literal("x' OR Name != '")
    assert list(client.query(f"SELECT Id, SystemModstamp FROM Opportunity WHERE Name = {hostile}")) == []


def test_a_query_without_versions_is_refused(client: SalesforceClient) -> None:
    with failing(ErrorKind.VALIDATION) as caught:
        list(client.query("SELECT Id FROM Opportunity LIMIT 1"))
    assert "SystemModstamp" in caught[0].message


# conditional writes


def test_an_update_is_one_effect_and_is_read_back(standin: SalesforceStandin, client: SalesforceClient) -> None:
    record_id = opportunity_id(2)
    after = client.update(
        "Opportunity", record_id, {"NextStep": "call", "CloseDate": "2018-09-30"}, if_version=version_of(client, 2)
    )
    assert after.fields == {"NextStep": "call", "CloseDate": "2018-09-30"}
    assert after.version.modified_by == client.user_id
    [effect] = effects_on(standin, record_id)
    assert effect["before"] == {"NextStep": None, "CloseDate": "2018-06-30"}
    assert effect["after"] == {"NextStep": "call", "CloseDate": "2018-09-30"}
    assert effect["user"] == client.user_id
    assert effect["at_ms"] == after.version.modified_at_ms


def test_a_record_changed_meanwhile_is_not_overwritten(standin: SalesforceStandin, client: SalesforceClient) -> None:
    seen = version_of(client, 3)
    standin.edit("Opportunity", opportunity_id(3), NextStep="a person was here")
    with failing(ErrorKind.CONFLICT) as caught:
        client.update("Opportunity", opportunity_id(3), {"NextStep": "ours"}, if_version=seen)
    assert caught[0].status == 412
    assert not caught[0].outcome_unknown
    assert client.get("Opportunity", opportunity_id(3), ["NextStep"]).fields == {"NextStep": "a person was here"}
    assert [effect["method"] for effect in effects_on(standin, opportunity_id(3))] == ["EDIT"]


def test_a_record_deleted_meanwhile_is_a_conflict(client: SalesforceClient) -> None:
    seen = version_of(client, 4)
    assert client.delete("Opportunity", opportunity_id(4)) is True
    with failing(ErrorKind.CONFLICT):
        client.update("Opportunity", opportunity_id(4), {"NextStep": "ours"}, if_version=seen)
    assert client.delete("Opportunity", opportunity_id(4)) is False


def test_a_version_of_this_very_second_is_not_written_on(standin: SalesforceStandin, client: SalesforceClient) -> None:
    """Without an ETag the vendor compares whole seconds: a second edit in the same second would be lost."""
    standin.edit("Opportunity", opportunity_id(5), NextStep="first")
    seen = RecordVersion(modified_at_ms=version_of(client, 5).modified_at_ms, read_at_ms=0)
    with failing(ErrorKind.DOWNSTREAM) as caught:
        client.update("Opportunity", opportunity_id(5), {"NextStep": "ours"}, if_version=seen)
    assert caught[0].retry_after_ms == 1_000
    assert not caught[0].outcome_unknown
    assert len(effects_on(standin, opportunity_id(5))) == 1


def test_an_etag_tells_versions_of_one_second_apart(standin: SalesforceStandin, client: SalesforceClient) -> None:
    seen = client.get("Account", ACCOUNT_ID, ["Name"]).version
    assert seen.etag
    first = client.update("Account", ACCOUNT_ID, {"Industry": "one"}, if_version=seen)
    second = client.update("Account", ACCOUNT_ID, {"Industry": "two"}, if_version=first.version)
    standin.edit("Account", ACCOUNT_ID, Industry="a person's")
    with failing(ErrorKind.CONFLICT):
        client.update("Account", ACCOUNT_ID, {"Industry": "three"}, if_version=second.version)
    assert client.get("Account", ACCOUNT_ID, ["Industry"]).fields == {"Industry": "a person's"}


# creates that happen once


def test_a_create_by_external_id_happens_once(standin: SalesforceStandin, client: SalesforceClient) -> None:
    first = client.create_by_external_id("Task", KEY, "action-1", {"Subject": "call", "WhatId": opportunity_id(1)})
    standin.edit("Task", first.id, Subject="call them twice")
    again = client.create_by_external_id("Task", KEY, "action-1", {"Subject": "call", "WhatId": opportunity_id(1)})
    assert (first.created, again.created, again.id) == (True, False, first.id)
    found = client.find("Task", KEY, "action-1", ["Subject", KEY])
    assert found is not None
    assert found.fields == {"Subject": "call them twice", KEY: "action-1"}
    assert [effect["method"] for effect in effects_on(standin, first.id)] == ["PATCH", "EDIT"]
    assert effects_on(standin, first.id)[0]["external_id"] == {"field": KEY, "value": "action-1"}


def test_external_ids_may_hold_any_letter(client: SalesforceClient) -> None:
    odd = "a/b|c#d?e%2F é"
    assert client.create_by_external_id("Task", KEY, odd, {"Subject": "odd"}).created
    found = client.find("Task", KEY, odd, [KEY])
    assert found is not None
    assert found.fields == {KEY: odd}


@pytest.mark.parametrize("kind", ["drop", "late"])
def test_a_create_without_an_answer_is_found_by_the_retry(standin: SalesforceStandin, kind: str) -> None:
    with connected(standin, timeout_s=0.4) as client:
        standin.order(kind, method="PATCH", seconds=1.0)
        with failing(ErrorKind.TIMEOUT) as caught:
            client.create_by_external_id("Task", KEY, f"unanswered-{kind}", {"Subject": "once"})
        assert caught[0].outcome_unknown
        assert caught[0].kind.retryable
        again = client.create_by_external_id("Task", KEY, f"unanswered-{kind}", {"Subject": "once"})
    assert again.created is False
    assert len(effects_on(standin, again.id)) == 1


@pytest.mark.parametrize("api_version", ["v59.0", "v45.0"])
def test_a_create_that_lost_a_race_reports_the_other_record(standin: SalesforceStandin, api_version: str) -> None:
    """The look-up says nothing is there, the upsert finds a record: 200 with a body, 204 without one before v46."""
    with connected(standin, api_version=api_version) as client:
        first = client.create_by_external_id("Task", KEY, f"race-{api_version}", {"Subject": "first"})
        standin.order("status", status=404, error_code="NOT_FOUND", method="GET")
        second = client.create_by_external_id("Task", KEY, f"race-{api_version}", {"Subject": "first"})
    assert (second.id, second.created) == (first.id, False)


# composite


def test_a_composite_is_done_whole_or_not_at_all(standin: SalesforceStandin, client: SalesforceClient) -> None:
    before = len(standin.effects())
    good = SubRequest(method="POST", path="sobjects/Task", reference="made", body={"Subject": "one"})
    link = SubRequest(method="PATCH", path="sobjects/Task/@{made.id}", reference="linked", body={"Priority": "High"})
    bad = SubRequest(method="POST", path="sobjects/Task", reference="bad", body={"Nonsense": 1})
    with failing(ErrorKind.VALIDATION) as caught:
        client.composite([good, link, bad])
    assert "Nonsense" in caught[0].message
    assert len(standin.effects()) == before
    answers = client.composite([good, link])
    assert [answer.status for answer in answers] == [201, 204]
    assert len(standin.effects()) == before + 2


def test_a_composite_of_single_parts_tells_each_fate(client: SalesforceClient) -> None:
    bodies: list[dict[str, Scalar]] = [{"Subject": "kept"}, {"Nonsense": 1}]
    parts = [
        SubRequest(method="POST", path="sobjects/Task", reference=f"r{n}", body=body) for n, body in enumerate(bodies)
    ]
    answers = client.composite(parts, all_or_none=False)
    assert [(answer.reference, answer.status) for answer in answers] == [("r0", 201), ("r1", 400)]


# failures, by kind


def test_wrong_credentials_are_auth(standin: SalesforceStandin) -> None:
    with SalesforceClient(standin.base_url, standin.client_id, "wrong") as client, failing(ErrorKind.AUTH) as caught:
        client.get("Account", ACCOUNT_ID, ["Name"])
    assert not caught[0].kind.retryable
    assert "wrong" not in caught[0].message


def test_missing_permission_is_auth(standin: SalesforceStandin, client: SalesforceClient) -> None:
    standin.order("status", status=403, error_code="INSUFFICIENT_ACCESS_OR_READONLY")
    with failing(ErrorKind.AUTH):
        client.get("Account", ACCOUNT_ID, ["Name"])


def test_an_ended_session_is_renewed_once_and_writes_once(standin: SalesforceStandin, client: SalesforceClient) -> None:
    seen = version_of(client, 6)
    standin.end_sessions()
    client.update("Opportunity", opportunity_id(6), {"NextStep": "renewed"}, if_version=seen)
    assert len(effects_on(standin, opportunity_id(6))) == 1


def test_a_session_that_is_never_accepted_is_auth(own: Callable[..., SalesforceStandin]) -> None:
    with connected(own(token_seconds=0)) as client, failing(ErrorKind.AUTH) as caught:
        client.get("Account", ACCOUNT_ID, ["Name"])
    assert caught[0].status == 401


def test_too_many_requests_name_the_wait(standin: SalesforceStandin, client: SalesforceClient) -> None:
    standin.order("rate_limit", retry_after_s=7)
    with failing(ErrorKind.RATE_LIMIT) as caught:
        client.get("Account", ACCOUNT_ID, ["Name"])
    assert caught[0].retry_after_ms == 7_000
    assert client.get("Account", ACCOUNT_ID, ["Name"]).id == ACCOUNT_ID


def test_the_daily_limit_is_a_rate_limit(own: Callable[..., SalesforceStandin]) -> None:
    with connected(own(daily_limit=1)) as client:
        client.get("Account", ACCOUNT_ID, ["Name"])
        with failing(ErrorKind.RATE_LIMIT) as caught:
            client.get("Account", ACCOUNT_ID, ["Name"])
        assert client.api_usage == (1, 1)
    assert caught[0].status == 403


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Nonsense__c": 1}, "INVALID_FIELD"),
        ({"CloseDate": "next week"}, "JSON_PARSER_ERROR"),
        ({"Amount": "much"}, "JSON_PARSER_ERROR"),
        ({"StageName": None}, "REQUIRED_FIELD_MISSING"),
        ({"SystemModstamp": "2018-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"AccountId": "001RL9999999999AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"Name": "x" * 121}, "STRING_TOO_LONG"),
    ],
)
def test_a_wrong_request_is_validation(
    standin: SalesforceStandin, client: SalesforceClient, fields: dict[str, Scalar], code: str
) -> None:
    with failing(ErrorKind.VALIDATION) as caught:
        client.update("Opportunity", opportunity_id(7), fields, if_version=version_of(client, 7))
    assert code in caught[0].message
    assert not caught[0].outcome_unknown
    assert effects_on(standin, opportunity_id(7)) == []


def test_what_names_nothing_is_validation(client: SalesforceClient) -> None:
    for call in (
        lambda: client.get("Opportunity", opportunity_id(9_999), ["Name"]),
        lambda: client.get("Opportunity", "..", ["Name"]),
        lambda: client.get("Nonsense", opportunity_id(1), ["Name"]),
        lambda: client.query_pages("SELECT nothing").__next__(),
        lambda: client.delete("Opportunity", opportunity_id(9_999)),
    ):
        with failing(ErrorKind.VALIDATION):
            call()


def test_a_vendor_in_trouble_is_downstream(standin: SalesforceStandin, client: SalesforceClient) -> None:
    seen = version_of(client, 8)
    standin.order("status", status=500, error_code="UNKNOWN_EXCEPTION", method="PATCH")
    with failing(ErrorKind.DOWNSTREAM) as caught:
        client.update("Opportunity", opportunity_id(8), {"NextStep": "x"}, if_version=seen)
    assert caught[0].outcome_unknown
    standin.order("status", status=400, error_code="UNABLE_TO_LOCK_ROW", method="PATCH")
    with failing(ErrorKind.DOWNSTREAM) as caught:
        client.update("Opportunity", opportunity_id(8), {"NextStep": "x"}, if_version=seen)
    assert not caught[0].outcome_unknown


def test_a_vendor_that_is_down_was_sent_nothing(own: Callable[..., SalesforceStandin]) -> None:
    standin = own()
    with connected(standin) as client:
        seen = version_of(client, 1)
        standin.kill()
        with failing(ErrorKind.DOWNSTREAM) as caught:
            client.update("Opportunity", opportunity_id(1), {"NextStep": "x"}, if_version=seen)
        assert not caught[0].outcome_unknown


@pytest.mark.parametrize(("kind", "seconds"), [("hang", 1.0), ("trickle", 0.1), ("drop", 0.0), ("drop_before", 0.0)])
def test_a_read_without_a_whole_answer_is_a_timeout(standin: SalesforceStandin, kind: str, seconds: float) -> None:
    with connected(standin, timeout_s=0.4) as client:
        client.get("Account", ACCOUNT_ID, ["Name"])
        standin.order(kind, method="GET", seconds=seconds)
        with failing(ErrorKind.TIMEOUT) as caught:
            client.get("Account", ACCOUNT_ID, ["Name"])
        assert not caught[0].outcome_unknown
        assert client.get("Account", ACCOUNT_ID, ["Name"]).id == ACCOUNT_ID


def test_a_write_without_a_read_back_is_of_unknown_outcome(
    standin: SalesforceStandin, client: SalesforceClient
) -> None:
    seen = version_of(client, 9)
    standin.order("status", status=503, method="GET")
    with failing(ErrorKind.TIMEOUT) as caught:
        client.update("Opportunity", opportunity_id(9), {"NextStep": "written"}, if_version=seen)
    assert caught[0].outcome_unknown
    assert client.get("Opportunity", opportunity_id(9), ["NextStep"]).fields == {"NextStep": "written"}


def test_a_late_answer_is_read_back(standin: SalesforceStandin) -> None:
    with connected(standin, timeout_s=0.4) as client:
        seen = version_of(client, 10)
        standin.order("late", method="PATCH", seconds=1.0)
        with failing(ErrorKind.TIMEOUT) as caught:
            client.update("Opportunity", opportunity_id(10), {"NextStep": "late"}, if_version=seen)
        assert caught[0].outcome_unknown
        assert client.get("Opportunity", opportunity_id(10), ["NextStep"]).fields == {"NextStep": "late"}
        with failing(ErrorKind.CONFLICT):
            client.update("Opportunity", opportunity_id(10), {"NextStep": "late"}, if_version=seen)
    assert len(effects_on(standin, opportunity_id(10))) == 1


def test_a_write_may_land_after_the_read_back(standin: SalesforceStandin) -> None:
    """The hardest case: the vendor acts after we gave up and looked. The version of the first read still guards it."""
    with connected(standin, timeout_s=0.4) as client:
        seen = version_of(client, 11)
        done = standin.faults_carried_out()
        standin.order("slow", method="PATCH", seconds=1.0)
        with failing(ErrorKind.TIMEOUT):
            client.update("Opportunity", opportunity_id(11), {"NextStep": "slow"}, if_version=seen)
        assert client.get("Opportunity", opportunity_id(11), ["NextStep"]).fields == {"NextStep": None}
        client.update("Opportunity", opportunity_id(11), {"NextStep": "retry"}, if_version=seen)
        wait_until(lambda: standin.faults_carried_out() > done, within_s=5, what="the slow write")
    [effect] = effects_on(standin, opportunity_id(11))
    assert effect["after"] == {"NextStep": "retry"}


def test_a_redirect_is_unknown_and_not_followed(standin: SalesforceStandin, client: SalesforceClient) -> None:
    standin.order("status", status=302, error_code="MOVED")
    with failing(ErrorKind.UNKNOWN):
        client.get("Account", ACCOUNT_ID, ["Name"])


# a vendor that speaks nonsense


@contextmanager
def odd_vendor(page: bytes) -> Iterator[str]:
    """Signs everybody in and answers every GET with ``page``."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._say(b'{"access_token": "t", "id": "x/005"}')

        def do_GET(self) -> None:
            self._say(page)

        def _say(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    "page",
    [
        b"<html>maintenance</html>",
        b"[]",
        b'{"records": 7}',
        b'{"records": ["x"]}',
        b'{"records": [{"Id": "1", "SystemModstamp": "yesterday"}]}',
        b'{"records": [], "nextRecordsUrl": "https://elsewhere.example/services/data/v59.0/query/1"}',
        b'{"records": [], "nextRecordsUrl": "/services/data/v59.0/query/1"}',
    ],
)
def test_nonsense_is_unknown(page: bytes) -> None:
    with (
        odd_vendor(page) as base_url,
        SalesforceClient(base_url, "id", "secret", timeout_s=2) as client,
        failing(ErrorKind.UNKNOWN),
    ):
        list(client.query("SELECT Id, SystemModstamp FROM Account"))


# crashes


def test_a_vendor_killed_in_the_middle_leaves_the_outcome_unknown(own: Callable[..., SalesforceStandin]) -> None:
    standin = own()
    with connected(standin) as client, ThreadPoolExecutor(1) as pool:
        seen = version_of(client, 1)
        standin.order("hang", method="PATCH", seconds=60)
        waiting = pool.submit(client.update, "Opportunity", opportunity_id(1), {"NextStep": "x"}, if_version=seen)
        wait_until(lambda: standin.faults_left() == 0, within_s=10, what="the request's arrival")
        standin.kill()
        with failing(ErrorKind.TIMEOUT) as caught:
            waiting.result(timeout=10)
        assert caught[0].outcome_unknown
        back = standin.restarted()
        try:
            assert back.effects() == []
            client.update("Opportunity", opportunity_id(1), {"NextStep": "x"}, if_version=seen)
            assert len(back.effects()) == 1
        finally:
            back.kill()


def test_what_was_acknowledged_survives_kill_9(own: Callable[..., SalesforceStandin]) -> None:
    standin = own()
    acknowledged: list[str] = []

    def write_on() -> None:
        with connected(standin) as client:
            for number in range(10_000):
                client.create_by_external_id("Task", KEY, f"n{number}", {"Subject": str(number)})
                acknowledged.append(f"n{number}")

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write_on)
        wait_until(lambda: len(acknowledged) >= 10, within_s=20, what="ten writes")
        standin.kill()
        assert isinstance(writer.exception(timeout=20), VendorError)
    back = standin.restarted()
    try:
        logged = [str(dict(effect["external_id"])["value"]) for effect in back.effects()]  # type: ignore[call-overload]  # JSON
        assert logged[: len(acknowledged)] == acknowledged
        assert len(logged) - len(acknowledged) in (0, 1)
        with connected(back) as client:
            tasks = list(client.query("SELECT Id, Subject, SystemModstamp FROM Task"))
        assert sorted(f"n{task.fields['Subject']}" for task in tasks) == sorted(logged)
        stamps = [effect["at_ms"] for effect in back.effects()]
        assert stamps == sorted(set(stamps))  # type: ignore[type-var]  # JSON numbers
    finally:
        back.kill()


def test_the_fixed_clock_makes_two_runs_equal(own: Callable[..., SalesforceStandin]) -> None:
    def run(state: str) -> list[dict[str, object]]:
        standin = own(state, now="2018-03-02T00:00:00Z")
        with connected(standin) as client:
            for step in ("one", "two"):
                client.update("Opportunity", opportunity_id(1), {"NextStep": step}, if_version=version_of(client, 1))
            client.create_by_external_id("Task", KEY, "a", {"Subject": "s"})
        return standin.effects()

    first = run("first")
    assert first == run("second")
    assert [effect["at_ms"] for effect in first] == [1_519_948_800_000, 1_519_948_801_000, 1_519_948_802_000]


# secrets


def test_secrets_stay_out_of_texts_and_logs(standin: SalesforceStandin, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with connected(standin) as client:
        client.get("Account", ACCOUNT_ID, ["Name"])
        token = client._session._signed_in().secret.reveal()
        standin.order("status", status=400, error_code=f"echo {token} {standin.client_secret}")
        with failing(ErrorKind.VALIDATION) as caught:
            client.get("Account", ACCOUNT_ID, ["Name"])
        shown = [
            repr(client),
            repr(client._session),
            repr(client._session._signed_in()),
            str(caught[0]),
            repr(caught[0]),
        ]
    assert len(token) > 40
    for text in (*shown, caplog.text):
        assert token not in text
        assert standin.client_secret not in text
    assert "echo *** ***" in str(caught[0])


@pytest.mark.parametrize("address", ["http://example.com", "ftp://127.0.0.1", "127.0.0.1:80", ""])
def test_secrets_are_not_sent_in_the_clear(address: str) -> None:
    with pytest.raises(ValueError, match="https"):
        SalesforceClient(address, "id", "secret")


def test_a_state_directory_has_one_owner(standin: SalesforceStandin, tmp_path: Path) -> None:
    first = start_standin_salesforce(tmp_path / "state")
    try:
        with pytest.raises(RuntimeError, match="exit code 2"):
            start_standin_salesforce(tmp_path / "state")
    finally:
        first.stop()
    assert httpx.get(f"{standin.base_url}/__standin__/health").is_success
