"""Reads and writes of the Salesforce adapter against a stand-in process; every effect is counted."""

import json

import pytest

from revloop.contracts.failures import ErrorKind
from revloop.integrations.salesforce.client import (
    RecordVersion,
    SalesforceClient,
    Scalar,
    SubRequest,
    soql_literal,
)
from tests.processes import SalesforceStandin
from tests.salesforce import ACCOUNT_ID, KEY, OPPORTUNITIES, connected, effects_on, failing, opportunity_id, version_of

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


def test_an_update_is_one_effect_and_is_read_back(salesforce: SalesforceStandin, client: SalesforceClient) -> None:
    record_id = opportunity_id(2)
    after = client.update(
        "Opportunity", record_id, {"NextStep": "call", "CloseDate": "2018-09-30"}, if_version=version_of(client, 2)
    )
    assert after.fields == {"NextStep": "call", "CloseDate": "2018-09-30"}
    assert after.version.modified_by == client.user_id
    [effect] = effects_on(salesforce, record_id)
    assert effect["before"] == {"NextStep": None, "CloseDate": "2018-06-30"}
    assert effect["after"] == {"NextStep": "call", "CloseDate": "2018-09-30"}
    assert effect["user"] == client.user_id
    assert effect["at_ms"] == after.version.modified_at_ms


def test_a_record_changed_meanwhile_is_not_overwritten(salesforce: SalesforceStandin, client: SalesforceClient) -> None:
    seen = version_of(client, 3)
    salesforce.edit("Opportunity", opportunity_id(3), NextStep="a person was here")
    with failing(ErrorKind.CONFLICT) as caught:
        client.update("Opportunity", opportunity_id(3), {"NextStep": "ours"}, if_version=seen)
    assert caught[0].status == 412
    assert not caught[0].outcome_unknown
    assert client.get("Opportunity", opportunity_id(3), ["NextStep"]).fields == {"NextStep": "a person was here"}
    assert [effect["method"] for effect in effects_on(salesforce, opportunity_id(3))] == ["EDIT"]


def test_a_record_deleted_meanwhile_is_a_conflict(client: SalesforceClient) -> None:
    seen = version_of(client, 4)
    assert client.delete("Opportunity", opportunity_id(4)) is True
    with failing(ErrorKind.CONFLICT):
        client.update("Opportunity", opportunity_id(4), {"NextStep": "ours"}, if_version=seen)
    assert client.delete("Opportunity", opportunity_id(4)) is False


def test_a_version_of_this_very_second_is_not_written_on(
    salesforce: SalesforceStandin, client: SalesforceClient
) -> None:
    """Without an ETag the vendor compares whole seconds: a second edit in the same second would be lost."""
    salesforce.edit("Opportunity", opportunity_id(5), NextStep="first")
    seen = RecordVersion(modified_at_ms=version_of(client, 5).modified_at_ms, read_at_ms=0)
    with failing(ErrorKind.DOWNSTREAM) as caught:
        client.update("Opportunity", opportunity_id(5), {"NextStep": "ours"}, if_version=seen)
    assert caught[0].retry_after_ms == 1_000
    assert not caught[0].outcome_unknown
    assert len(effects_on(salesforce, opportunity_id(5))) == 1


def test_an_etag_tells_versions_of_one_second_apart(salesforce: SalesforceStandin, client: SalesforceClient) -> None:
    seen = client.get("Account", ACCOUNT_ID, ["Name"]).version
    assert seen.etag
    first = client.update("Account", ACCOUNT_ID, {"Industry": "one"}, if_version=seen)
    second = client.update("Account", ACCOUNT_ID, {"Industry": "two"}, if_version=first.version)
    salesforce.edit("Account", ACCOUNT_ID, Industry="a person's")
    with failing(ErrorKind.CONFLICT):
        client.update("Account", ACCOUNT_ID, {"Industry": "three"}, if_version=second.version)
    assert client.get("Account", ACCOUNT_ID, ["Industry"]).fields == {"Industry": "a person's"}


# creates that happen once


def test_a_create_by_external_id_happens_once(salesforce: SalesforceStandin, client: SalesforceClient) -> None:
    first = client.create_by_external_id("Task", KEY, "action-1", {"Subject": "call", "WhatId": opportunity_id(1)})
    salesforce.edit("Task", first.id, Subject="call them twice")
    again = client.create_by_external_id("Task", KEY, "action-1", {"Subject": "call", "WhatId": opportunity_id(1)})
    assert (first.created, again.created, again.id) == (True, False, first.id)
    found = client.find("Task", KEY, "action-1", ["Subject", KEY])
    assert found is not None
    assert found.fields == {"Subject": "call them twice", KEY: "action-1"}
    assert [effect["method"] for effect in effects_on(salesforce, first.id)] == ["POST", "EDIT"]


def test_external_ids_may_hold_any_letter(client: SalesforceClient) -> None:
    odd = "a/b|c#d?e%2F é"
    assert client.create_by_external_id("Task", KEY, odd, {"Subject": "odd"}).created
    found = client.find("Task", KEY, odd, [KEY])
    assert found is not None
    assert found.fields == {KEY: odd}


@pytest.mark.parametrize("kind", ["drop", "late"])
def test_a_create_without_an_answer_is_found_by_the_retry(salesforce: SalesforceStandin, kind: str) -> None:
    with connected(salesforce, timeout_s=0.4) as client:
        salesforce.order(kind, method="POST", path="/services/data/*", seconds=1.0)
        with failing(ErrorKind.TIMEOUT) as caught:
            client.create_by_external_id("Task", KEY, f"unanswered-{kind}", {"Subject": "once"})
        assert caught[0].outcome_unknown
        assert caught[0].kind.retryable
        again = client.create_by_external_id("Task", KEY, f"unanswered-{kind}", {"Subject": "once"})
    assert again.created is False
    assert len(effects_on(salesforce, again.id)) == 1


@pytest.mark.parametrize("api_version", ["v59.0", "v45.0"])
def test_a_create_that_lost_a_race_reports_the_other_record(salesforce: SalesforceStandin, api_version: str) -> None:
    """The look-up says nothing is there, the create is refused for its duplicate id and leaves the record alone."""
    with connected(salesforce, api_version=api_version) as client:
        first = client.create_by_external_id("Task", KEY, f"race-{api_version}", {"Subject": "first"})
        salesforce.order("status", status=404, error_code="NOT_FOUND", method="GET")
        second = client.create_by_external_id("Task", KEY, f"race-{api_version}", {"Subject": "first"})
    assert (second.id, second.created) == (first.id, False)
    assert len(effects_on(salesforce, first.id)) == 1


# composite


def test_a_composite_is_done_whole_or_not_at_all(salesforce: SalesforceStandin, client: SalesforceClient) -> None:
    before = len(salesforce.effects())
    good = SubRequest(method="POST", path="sobjects/Task", reference="made", body={"Subject": "one"})
    link = SubRequest(method="PATCH", path="sobjects/Task/@{made.id}", reference="linked", body={"Priority": "High"})
    bad = SubRequest(method="POST", path="sobjects/Task", reference="bad", body={"Nonsense": 1})
    with failing(ErrorKind.VALIDATION) as caught:
        client.composite([good, link, bad])
    assert "Nonsense" in caught[0].message
    assert len(salesforce.effects()) == before
    answers = client.composite([good, link])
    assert [answer.status for answer in answers] == [201, 204]
    assert len(salesforce.effects()) == before + 2


def test_a_composite_of_single_parts_tells_each_fate(client: SalesforceClient) -> None:
    bodies: list[dict[str, Scalar]] = [{"Subject": "kept"}, {"Nonsense": 1}]
    parts = [
        SubRequest(method="POST", path="sobjects/Task", reference=f"r{n}", body=body) for n, body in enumerate(bodies)
    ]
    answers = client.composite(parts, all_or_none=False)
    assert [(answer.reference, answer.status) for answer in answers] == [("r0", 201), ("r1", 400)]
