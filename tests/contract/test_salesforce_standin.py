"""The stand-in's own protocol, request by request: what a client of the vendor may rely on, and what is refused how."""

from collections.abc import Iterator

import httpx
import pytest

from tests.processes import SalesforceStandin, start_standin_salesforce
from tests.salesforce import ACCOUNT_ID, KEY, opportunity_id, salesforce_log

ROOT = "/services/data/v59.0"
DEAL = f"{ROOT}/sobjects/Opportunity/{opportunity_id(1)}"


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SalesforceStandin]:
    folder = tmp_path_factory.mktemp("standin")
    log = salesforce_log(folder / "deliveries.jsonl")
    started = start_standin_salesforce(
        folder / "state", data=log, now="2018-03-02T00:00:00Z", etags="all", page_records=2
    )
    yield started
    started.stop()


@pytest.fixture(scope="module")
def http(standin: SalesforceStandin) -> Iterator[httpx.Client]:
    form = {"grant_type": "client_credentials"}
    with httpx.Client(base_url=standin.base_url) as client:
        signed = client.post(
            "/services/oauth2/token", data=form, auth=(standin.client_id, standin.client_secret)
        ).json()
        assert signed["token_type"] == "Bearer"
        assert signed["instance_url"] == standin.base_url
        client.headers["Authorization"] = f"Bearer {signed['access_token']}"
        yield client


def error_of(answer: httpx.Response) -> tuple[int, str]:
    [error] = answer.json()
    assert set(error) <= {"message", "errorCode", "fields"}
    return answer.status_code, error["errorCode"]


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "client_credentials", "client_id": "revloop-demo", "client_secret": "no"},
        {"grant_type": "client_credentials"},
        {"grant_type": "password", "client_id": "revloop-demo", "client_secret": "revloop-demo-secret"},
        {},
    ],
)
def test_signing_in_wrongly_is_refused(standin: SalesforceStandin, form: dict[str, str]) -> None:
    answer = httpx.post(f"{standin.base_url}/services/oauth2/token", data=form)
    assert answer.status_code == 400
    assert answer.json()["error"] in ("invalid_client", "unsupported_grant_type")


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer"}, {"Authorization": "Bearer made-up"}, {"Authorization": "x"}]
)
def test_no_session_no_data(standin: SalesforceStandin, header: dict[str, str]) -> None:
    assert error_of(httpx.get(f"{standin.base_url}{DEAL}", headers=header)) == (401, "INVALID_SESSION_ID")


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "/services/data/v59.0/nothing", None, (404, "NOT_FOUND")),
        ("GET", "/elsewhere", None, (404, "NOT_FOUND")),
        ("PUT", DEAL, b"{}", (405, "METHOD_NOT_ALLOWED")),
        ("PATCH", DEAL, b"{", (400, "JSON_PARSER_ERROR")),
        ("PATCH", DEAL, b"[1]", (400, "JSON_PARSER_ERROR")),
        ("PATCH", DEAL, b"[" * 100_000, (400, "JSON_PARSER_ERROR")),
        ("PATCH", DEAL, b'{"Amount": NaN}', (400, "JSON_PARSER_ERROR")),
        ("PATCH", DEAL, b'{"Amount": 1e999}', (400, "JSON_PARSER_ERROR")),
        ("PATCH", DEAL, b'{"Amount": true}', (400, "JSON_PARSER_ERROR")),
        ("PATCH", DEAL, b'{"CloseDate": "2018-02-30"}', (400, "JSON_PARSER_ERROR")),
        ("PATCH", DEAL, b'{"OwnerId": "short"}', (400, "MALFORMED_ID")),
        ("PATCH", DEAL, b" " * 2_000_000, (413, "REQUEST_ENTITY_TOO_LARGE")),
        ("POST", f"{ROOT}/sobjects/Opportunity", b'{"Name": "x"}', (400, "REQUIRED_FIELD_MISSING")),
        ("POST", f"{ROOT}/sobjects/Nothing__c", b"{}", (400, "INVALID_TYPE")),
        ("PATCH", f"{ROOT}/sobjects/Task/Subject/x", b"{}", (404, "NOT_FOUND")),
        ("PATCH", f"{ROOT}/sobjects/Task/{KEY}/x", f'{{"{KEY}": "y"}}'.encode(), (400, "INVALID_FIELD")),
        ("GET", f"{DEAL}?fields=Name,Nonsense", None, (400, "INVALID_FIELD")),
        ("GET", f"{ROOT}/query", None, (400, "MALFORMED_QUERY")),
        ("GET", f"{ROOT}/query/01g999999999999-2", None, (400, "INVALID_QUERY_LOCATOR")),
        ("GET", f"{ROOT}/query/nonsense", None, (400, "INVALID_QUERY_LOCATOR")),
        ("POST", f"{ROOT}/composite", b'{"compositeRequest": []}', (400, "INVALID_FIELD")),
        ("POST", f"{ROOT}/composite", b'{"compositeRequest": [{"method": "GET"}]}', (400, "INVALID_FIELD")),
    ],
)
def test_a_bad_request_is_refused_and_changes_nothing(
    standin: SalesforceStandin,
    http: httpx.Client,
    method: str,
    path: str,
    body: bytes | None,
    expected: tuple[int, str],
) -> None:
    before = standin.effects()
    assert error_of(http.request(method, path, content=body)) == expected
    assert standin.effects() == before


def test_conditions_are_checked(standin: SalesforceStandin, http: httpx.Client) -> None:
    deal = f"{ROOT}/sobjects/Opportunity/{opportunity_id(2)}"
    seen = http.get(deal)
    assert seen.headers["Last-Modified"] == "Thu, 01 Mar 2018 00:00:00 GMT"
    body = {"NextStep": "x"}
    assert error_of(http.patch(deal, json=body, headers={"If-Match": '"other"'})) == (412, "PRECONDITION_FAILED")
    early = {"If-Unmodified-Since": "Wed, 28 Feb 2018 23:59:59 GMT"}
    assert error_of(http.patch(deal, json=body, headers=early)) == (412, "PRECONDITION_FAILED")
    assert error_of(http.patch(deal, json=body, headers={"If-Unmodified-Since": "soon"})) == (400, "INVALID_HEADER")
    fitting = {"If-Match": f'"other", {seen.headers["ETag"]}', "If-Unmodified-Since": seen.headers["Last-Modified"]}
    written = http.patch(deal, json=body, headers=fitting)
    assert (written.status_code, written.content) == (204, b"")
    assert written.headers["ETag"] == http.get(deal).headers["ETag"] != seen.headers["ETag"]
    assert error_of(http.patch(deal, json=body, headers=fitting)) == (412, "PRECONDITION_FAILED")


def test_an_external_id_names_one_record(http: httpx.Client) -> None:
    path = f"{ROOT}/sobjects/Task/{KEY}/one"
    made = http.patch(path, json={"Subject": "a"})
    assert (made.status_code, made.json()["created"]) == (201, True)
    assert http.patch(path, json={"Subject": "b"}).json() == {**made.json(), "created": False}
    duplicate = http.post(f"{ROOT}/sobjects/Task", json={"Subject": "c", KEY: "one"})
    assert error_of(duplicate) == (400, "DUPLICATE_VALUE")
    assert http.delete(made.headers["Location"]).status_code == 204
    assert error_of(http.get(made.headers["Location"])) == (404, "ENTITY_IS_DELETED")
    assert error_of(http.get(path)) == (404, "NOT_FOUND")
    assert http.patch(path, json={"Subject": "d"}).json()["id"] != made.json()["id"]


def test_a_kept_result_does_not_move(standin: SalesforceStandin, http: httpx.Client) -> None:
    first = http.get(f"{ROOT}/query", params={"q": "SELECT Id, NextStep FROM Opportunity WHERE NextStep = null"}).json()
    names = {record["Id"] for record in first["records"]}
    standin.edit("Opportunity", opportunity_id(3), NextStep="no longer null")
    if first["done"]:
        assert len(names) == first["totalSize"]
        return
    rest = http.get(first["nextRecordsUrl"]).json()
    assert names.isdisjoint(record["Id"] for record in rest["records"])
    assert len(names) + len(rest["records"]) == first["totalSize"]


def test_limits_and_describe(http: httpx.Client) -> None:
    answer = http.get(f"{ROOT}/limits")
    used, most = answer.headers["Sforce-Limit-Info"].removeprefix("api-usage=").split("/")
    assert answer.json()["DailyApiRequests"] == {"Max": int(most), "Remaining": int(most) - int(used)}
    fields = {field["name"]: field for field in http.get(f"{ROOT}/sobjects/Opportunity/describe").json()["fields"]}
    assert fields["CloseDate"]["type"] == "date"
    assert fields[KEY]["externalId"] is True
    assert fields["SystemModstamp"]["updateable"] is False
    assert fields["PID__c"]["type"] == "textarea"


def test_related_records_are_nested(http: httpx.Client) -> None:
    soql = f"SELECT Name, Account.Name, Owner.Name FROM Opportunity WHERE Id = '{opportunity_id(1)}'"
    [record] = http.get(f"{ROOT}/query", params={"q": soql}).json()["records"]
    assert record["Account"]["Name"] == "O'Neill & Söhne"
    assert record["Account"]["attributes"]["url"].endswith(f"/sobjects/Account/{ACCOUNT_ID}")
    assert record["Owner"] is None


def test_composite_references_reach_later_parts(standin: SalesforceStandin, http: httpx.Client) -> None:
    url = f"{ROOT}/sobjects/Task"
    parts = [
        {"method": "GET", "url": f"{ROOT}/query?q=SELECT+Id+FROM+Account", "referenceId": "q"},
        {"method": "POST", "url": url, "referenceId": "t", "body": {"Subject": "s", "WhatId": "@{q.records[0].Id}"}},
        {"method": "GET", "url": f"{url}/@{{t.id}}?fields=WhatId", "referenceId": "back"},
        {"method": "GET", "url": f"{url}/@{{nobody.id}}", "referenceId": "lost"},
        {"method": "POST", "url": f"{ROOT}/composite", "referenceId": "deep", "body": {}},
    ]
    answers = http.post(f"{ROOT}/composite", json={"compositeRequest": parts}).json()["compositeResponse"]
    assert [part["httpStatusCode"] for part in answers] == [200, 201, 200, 400, 400]
    assert answers[2]["body"]["WhatId"] == ACCOUNT_ID
    failing = {
        "allOrNone": True,
        "compositeRequest": [{"method": "POST", "url": url, "referenceId": "t", "body": {"Subject": "gone"}}, parts[4]],
    }
    before = standin.effects()
    halted = http.post(f"{ROOT}/composite", json=failing).json()["compositeResponse"]
    assert [part["body"][0]["errorCode"] for part in halted] == ["PROCESSING_HALTED", "INVALID_FIELD"]
    assert standin.effects() == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "faults", {"kind": "explode"}),
        ("POST", "faults", {"kind": "drop", "times": 0}),
        ("POST", "faults", {"kind": "drop", "surprise": 1}),
        ("POST", "edit", {"object": "Opportunity"}),
        ("POST", "edit", {"object": "Opportunity", "id": opportunity_id(1), "fields": {"Nonsense": 1}}),
        ("POST", "nothing", {}),
        ("GET", "effects?after=x", {}),
    ],
)
def test_bad_orders_are_refused(standin: SalesforceStandin, method: str, path: str, body: dict[str, object]) -> None:
    answer = httpx.request(method, f"{standin.base_url}/__standin__/{path}", json=body)
    assert answer.status_code in (400, 404)
    assert answer.json()[0]["message"]


def test_effects_can_be_read_from_where_one_stopped(standin: SalesforceStandin, http: httpx.Client) -> None:
    http.patch(DEAL, json={"NextStep": "1"})
    http.patch(DEAL, json={"NextStep": "2"})
    everything = standin.effects()
    since = httpx.get(f"{standin.base_url}/__standin__/effects", params={"after": len(everything) - 1}).json()[
        "effects"
    ]
    assert since == everything[-1:]
    assert [effect["seq"] for effect in everything] == list(range(1, len(everything) + 1))
