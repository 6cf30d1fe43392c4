"""Each kind of failure of the Salesforce adapter, provoked for real: refusals, silence, crashes, nonsense, secrets."""

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
from revloop.integrations.salesforce.client import SalesforceClient, Scalar
from tests.processes import SalesforceStandin, start_standin_salesforce, wait_until
from tests.salesforce import ACCOUNT_ID, KEY, connected, effects_on, failing, opportunity_id, version_of

# failures, by kind


def test_wrong_credentials_are_auth(salesforce: SalesforceStandin) -> None:
    with (
        SalesforceClient(salesforce.base_url, salesforce.client_id, "wrong") as client,
        failing(ErrorKind.AUTH) as caught,
    ):
        client.get("Account", ACCOUNT_ID, ["Name"])
    assert not caught[0].kind.retryable
    assert "wrong" not in caught[0].message


def test_missing_permission_is_auth(salesforce: SalesforceStandin, client: SalesforceClient) -> None:
    salesforce.order("status", status=403, error_code="INSUFFICIENT_ACCESS_OR_READONLY")
    with failing(ErrorKind.AUTH):
        client.get("Account", ACCOUNT_ID, ["Name"])


def test_an_ended_session_is_renewed_once_and_writes_once(
    salesforce: SalesforceStandin, client: SalesforceClient
) -> None:
    seen = version_of(client, 6)
    salesforce.end_sessions()
    client.update("Opportunity", opportunity_id(6), {"NextStep": "renewed"}, if_version=seen)
    assert len(effects_on(salesforce, opportunity_id(6))) == 1


def test_a_session_that_is_never_accepted_is_auth(own_salesforce: Callable[..., SalesforceStandin]) -> None:
    with connected(own_salesforce(token_seconds=0)) as client, failing(ErrorKind.AUTH) as caught:
        client.get("Account", ACCOUNT_ID, ["Name"])
    assert caught[0].status == 401


def test_too_many_requests_name_the_wait(salesforce: SalesforceStandin, client: SalesforceClient) -> None:
    salesforce.order("rate_limit", retry_after_s=7)
    with failing(ErrorKind.RATE_LIMIT) as caught:
        client.get("Account", ACCOUNT_ID, ["Name"])
    assert caught[0].retry_after_ms == 7_000
    assert client.get("Account", ACCOUNT_ID, ["Name"]).id == ACCOUNT_ID


def test_the_daily_limit_is_a_rate_limit(own_salesforce: Callable[..., SalesforceStandin]) -> None:
    with connected(own_salesforce(daily_limit=1)) as client:
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
    salesforce: SalesforceStandin, client: SalesforceClient, fields: dict[str, Scalar], code: str
) -> None:
    with failing(ErrorKind.VALIDATION) as caught:
        client.update("Opportunity", opportunity_id(7), fields, if_version=version_of(client, 7))
    assert code in caught[0].message
    assert not caught[0].outcome_unknown
    assert effects_on(salesforce, opportunity_id(7)) == []


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


def test_a_vendor_in_trouble_is_downstream(salesforce: SalesforceStandin, client: SalesforceClient) -> None:
    seen = version_of(client, 8)
    salesforce.order("status", status=500, error_code="UNKNOWN_EXCEPTION", method="PATCH")
    with failing(ErrorKind.DOWNSTREAM) as caught:
        client.update("Opportunity", opportunity_id(8), {"NextStep": "x"}, if_version=seen)
    assert caught[0].outcome_unknown
    salesforce.order("status", status=400, error_code="UNABLE_TO_LOCK_ROW", method="PATCH")
    with failing(ErrorKind.DOWNSTREAM) as caught:
        client.update("Opportunity", opportunity_id(8), {"NextStep": "x"}, if_version=seen)
    assert not caught[0].outcome_unknown


def test_a_vendor_that_is_down_was_sent_nothing(own_salesforce: Callable[..., SalesforceStandin]) -> None:
    standin = own_salesforce()
    with connected(standin) as client:
        seen = version_of(client, 1)
        standin.kill()
        with failing(ErrorKind.DOWNSTREAM) as caught:
            client.update("Opportunity", opportunity_id(1), {"NextStep": "x"}, if_version=seen)
        assert not caught[0].outcome_unknown


@pytest.mark.parametrize(("kind", "seconds"), [("hang", 1.0), ("trickle", 0.1), ("drop", 0.0), ("drop_before", 0.0)])
def test_a_read_without_a_whole_answer_is_a_timeout(salesforce: SalesforceStandin, kind: str, seconds: float) -> None:
    with connected(salesforce, timeout_s=0.4) as client:
        client.get("Account", ACCOUNT_ID, ["Name"])
        salesforce.order(kind, method="GET", seconds=seconds)
        with failing(ErrorKind.TIMEOUT) as caught:
            client.get("Account", ACCOUNT_ID, ["Name"])
        assert not caught[0].outcome_unknown
        assert client.get("Account", ACCOUNT_ID, ["Name"]).id == ACCOUNT_ID


def test_a_write_without_a_read_back_is_of_unknown_outcome(
    salesforce: SalesforceStandin, client: SalesforceClient
) -> None:
    seen = version_of(client, 9)
    salesforce.order("status", status=503, method="GET")
    with failing(ErrorKind.TIMEOUT) as caught:
        client.update("Opportunity", opportunity_id(9), {"NextStep": "written"}, if_version=seen)
    assert caught[0].outcome_unknown
    assert client.get("Opportunity", opportunity_id(9), ["NextStep"]).fields == {"NextStep": "written"}


def test_a_late_answer_is_read_back(salesforce: SalesforceStandin) -> None:
    with connected(salesforce, timeout_s=0.4) as client:
        seen = version_of(client, 10)
        salesforce.order("late", method="PATCH", seconds=1.0)
        with failing(ErrorKind.TIMEOUT) as caught:
            client.update("Opportunity", opportunity_id(10), {"NextStep": "late"}, if_version=seen)
        assert caught[0].outcome_unknown
        assert client.get("Opportunity", opportunity_id(10), ["NextStep"]).fields == {"NextStep": "late"}
        with failing(ErrorKind.CONFLICT):
            client.update("Opportunity", opportunity_id(10), {"NextStep": "late"}, if_version=seen)
    assert len(effects_on(salesforce, opportunity_id(10))) == 1


def test_a_write_may_land_after_the_read_back(salesforce: SalesforceStandin) -> None:
    """The hardest case: the vendor acts after we gave up and looked. The version of the first read still guards it."""
    with connected(salesforce, timeout_s=0.4) as client:
        seen = version_of(client, 11)
        done = salesforce.faults_carried_out()
        salesforce.order("slow", method="PATCH", seconds=1.0)
        with failing(ErrorKind.TIMEOUT):
            client.update("Opportunity", opportunity_id(11), {"NextStep": "slow"}, if_version=seen)
        assert client.get("Opportunity", opportunity_id(11), ["NextStep"]).fields == {"NextStep": None}
        client.update("Opportunity", opportunity_id(11), {"NextStep": "retry"}, if_version=seen)
        wait_until(lambda: salesforce.faults_carried_out() > done, within_s=5, what="the slow write")
    [effect] = effects_on(salesforce, opportunity_id(11))
    assert effect["after"] == {"NextStep": "retry"}


def test_a_redirect_is_unknown_and_not_followed(salesforce: SalesforceStandin, client: SalesforceClient) -> None:
    salesforce.order("status", status=302, error_code="MOVED")
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


def test_a_vendor_killed_in_the_middle_leaves_the_outcome_unknown(
    own_salesforce: Callable[..., SalesforceStandin],
) -> None:
    standin = own_salesforce()
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


def test_what_was_acknowledged_survives_kill_9(own_salesforce: Callable[..., SalesforceStandin]) -> None:
    standin = own_salesforce()
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
        logged = [str(effect["after"][KEY]) for effect in back.effects()]  # type: ignore[index]  # JSON
        assert logged[: len(acknowledged)] == acknowledged
        assert len(logged) - len(acknowledged) in (0, 1)
        with connected(back) as client:
            tasks = list(client.query("SELECT Id, Subject, SystemModstamp FROM Task"))
        assert sorted(f"n{task.fields['Subject']}" for task in tasks) == sorted(logged)
        stamps = [effect["at_ms"] for effect in back.effects()]
        assert stamps == sorted(set(stamps))  # type: ignore[type-var]  # JSON numbers
    finally:
        back.kill()


def test_the_fixed_clock_makes_two_runs_equal(own_salesforce: Callable[..., SalesforceStandin]) -> None:
    def run(state: str) -> list[dict[str, object]]:
        standin = own_salesforce(state, now="2018-03-02T00:00:00Z")
        with connected(standin) as client:
            for step in ("one", "two"):
                client.update("Opportunity", opportunity_id(1), {"NextStep": step}, if_version=version_of(client, 1))
            client.create_by_external_id("Task", KEY, "a", {"Subject": "s"})
        return standin.effects()

    first = run("first")
    assert first == run("second")
    assert [effect["at_ms"] for effect in first] == [1_519_948_800_000, 1_519_948_801_000, 1_519_948_802_000]


# secrets


def test_secrets_stay_out_of_texts_and_logs(salesforce: SalesforceStandin, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with connected(salesforce) as client:
        client.get("Account", ACCOUNT_ID, ["Name"])
        token = client._session._signed_in().secret.reveal()
        salesforce.order("status", status=400, error_code=f"echo {token} {salesforce.client_secret}")
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
        assert salesforce.client_secret not in text
    assert "echo *** ***" in str(caught[0])


@pytest.mark.parametrize("address", ["http://example.com", "ftp://127.0.0.1", "127.0.0.1:80", ""])
def test_secrets_are_not_sent_in_the_clear(address: str) -> None:
    with pytest.raises(ValueError, match="https"):
        SalesforceClient(address, "id", "secret")


def test_a_state_directory_has_one_owner(salesforce: SalesforceStandin, tmp_path: Path) -> None:
    first = start_standin_salesforce(tmp_path / "state")
    try:
        with pytest.raises(RuntimeError, match="exit code 2"):
            start_standin_salesforce(tmp_path / "state")
    finally:
        first.stop()
    assert httpx.get(f"{salesforce.base_url}/__standin__/health").is_success
