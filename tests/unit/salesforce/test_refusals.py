"""Error answers are classified into the closed set; strange ones stay UNKNOWN, and none breaks the reader."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revloop.contracts.failures import ErrorKind
from revloop.integrations.salesforce.refusals import kind_of, refusal
from revloop.integrations.salesforce.session import Secret


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "INVALID_SESSION_ID", ErrorKind.AUTH),
        (400, "INVALID_SESSION_ID", ErrorKind.AUTH),
        (403, "INSUFFICIENT_ACCESS", ErrorKind.AUTH),
        (403, "REQUEST_LIMIT_EXCEEDED", ErrorKind.RATE_LIMIT),
        (503, "REQUEST_LIMIT_EXCEEDED", ErrorKind.RATE_LIMIT),
        (429, "", ErrorKind.RATE_LIMIT),
        (400, "INVALID_FIELD", ErrorKind.VALIDATION),
        (404, "NOT_FOUND", ErrorKind.VALIDATION),
        (404, "ENTITY_IS_DELETED", ErrorKind.CONFLICT),
        (300, "", ErrorKind.CONFLICT),
        (412, "", ErrorKind.CONFLICT),
        (400, "DUPLICATE_VALUE", ErrorKind.CONFLICT),
        (400, "UNABLE_TO_LOCK_ROW", ErrorKind.DOWNSTREAM),
        (500, "", ErrorKind.DOWNSTREAM),
        (599, "", ErrorKind.DOWNSTREAM),
        (504, "", ErrorKind.TIMEOUT),
        (302, "", ErrorKind.UNKNOWN),
        (418, "", ErrorKind.UNKNOWN),
        (600, "", ErrorKind.UNKNOWN),
    ],
)
def test_kinds(status: int, code: str, kind: ErrorKind) -> None:
    assert kind_of(status, code) is kind


def test_only_what_heals_by_waiting_is_retryable() -> None:
    assert {kind for kind in ErrorKind if kind.retryable} == {
        ErrorKind.RATE_LIMIT,
        ErrorKind.DOWNSTREAM,
        ErrorKind.TIMEOUT,
    }


@pytest.mark.parametrize(
    ("headers", "wait_ms"),
    [
        ({"retry-after": "3"}, 3_000),
        ({"retry-after": "99999999"}, 86_400_000),
        ({"retry-after": "Thu, 01 Mar 2018 00:00:05 GMT", "date": "Thu, 01 Mar 2018 00:00:00 GMT"}, 5_000),
        ({"retry-after": "Thu, 01 Mar 2018 00:00:00 GMT", "date": "Thu, 01 Mar 2018 00:00:09 GMT"}, 0),
        ({"retry-after": "Thu, 01 Mar 2018 00:00:05 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({}, None),
    ],
)
def test_the_wait_the_vendor_wishes(headers: dict[str, str], wait_ms: int | None) -> None:
    assert refusal(429, headers, b"[]", writing=True).retry_after_ms == wait_ms


def test_a_server_error_leaves_a_write_open_and_a_refusal_does_not() -> None:
    assert refusal(502, {}, b"<html>", writing=True).outcome_unknown
    assert not refusal(502, {}, b"<html>", writing=False).outcome_unknown
    assert not refusal(400, {}, b'[{"errorCode": "INVALID_FIELD", "message": "no"}]', writing=True).outcome_unknown
    assert not refusal(412, {}, b"[]", writing=True).outcome_unknown


def test_the_text_names_status_code_and_next_step() -> None:
    body = json.dumps([{"errorCode": "INVALID_FIELD", "message": "No such column 'X'"}]).encode()
    assert str(refusal(400, {}, body, writing=True)) == (
        "VALIDATION: Salesforce answered 400 INVALID_FIELD: No such column 'X' "
        "(the request itself is wrong; repeating it will not help)"
    )
    oauth = b'{"error": "invalid_client", "error_description": "invalid client credentials"}'
    assert "invalid_client: invalid client credentials" in refusal(400, {}, oauth, writing=False).message


@given(st.integers(300, 599), st.binary(max_size=200))
def test_no_body_breaks_the_reader(status: int, body: bytes) -> None:
    assert len(refusal(status, {}, body, writing=True).message) < 600


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_json_breaks_the_reader(body: object) -> None:
    assert refusal(400, {}, json.dumps(body).encode(), writing=False).kind in ErrorKind


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r}"
    assert secret.hide_in("a hunter2 b") == "a *** b"
    assert Secret("").hide_in("abc") == "abc"
    assert secret.reveal() == "hunter2"
