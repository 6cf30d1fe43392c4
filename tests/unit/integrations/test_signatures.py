"""A push that its vendor signed passes; one with another body, secret, header or time is refused with what to do."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping

import msgspec
import pytest

from revloop.contracts.times import iso
from revloop.integrations import load_normalisers, load_signatures
from revloop.integrations.signature import MAX_AGE_MS, Push, Signature

SIGNATURES = load_signatures()
SECRET = "s3cret, with spaces and ü"
NOW = 1_700_000_000_000
URL = "https://hooks.example.com/v1/webhooks/acme/hubspot?resource=deals"
BODY = '{"a": "ü", "b": 1}'.encode()
NOTIFICATIONS = json.dumps({"value": [{"clientState": SECRET, "id": "1"}, {"clientState": SECRET}]}).encode()

Headers = Callable[[str, bytes, int], Mapping[str, str]]
"""(secret, body, ms of signing) -> what the vendor sends with it."""


def _mac(algorithm: str, secret: str, *parts: str | bytes) -> bytes:
    message = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return hmac.new(secret.encode(), message, getattr(hashlib, algorithm)).digest()


def _base64(secret: str, *parts: str | bytes) -> str:
    return base64.b64encode(_mac("sha256", secret, *parts)).decode()


def _stripe(secret: str, body: bytes, at: int) -> Mapping[str, str]:
    return {"stripe-signature": f"t={at // 1000},v1={_mac('sha256', secret, f'{at // 1000}.', body).hex()},v0=0"}


def _hubspot(secret: str, body: bytes, at: int) -> Mapping[str, str]:
    signature = _base64(secret, "POST", URL, body, str(at))
    return {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": str(at)}


def _zendesk(secret: str, body: bytes, at: int) -> Mapping[str, str]:
    signature = _base64(secret, iso(at), body)
    return {"x-zendesk-webhook-signature": signature, "x-zendesk-webhook-signature-timestamp": iso(at)}


OF_HEADERS: Mapping[str, Headers] = {
    "amplitude": lambda secret, _, __: {"authorization": f"Bearer {secret}"},
    "google-calendar": lambda secret, _, __: {"x-goog-channel-token": secret},
    "hubspot": _hubspot,
    "intercom": lambda secret, body, _: {"x-hub-signature": f"sha1={_mac('sha1', secret, body).hex()}"},
    "jira": lambda secret, body, _: {"x-hub-signature": f"sha256={_mac('sha256', secret, body).hex()}"},
    "ms-graph-calendar": lambda secret, body, at: {},
    "salesforce": lambda secret, body, _: {"x-revloop-signature": f"sha256={_mac('sha256', secret, body).hex()}"},
    "segment": lambda secret, body, _: {"x-signature": _mac("sha1", secret, body).hex()},
    "stripe": _stripe,
    "zendesk": _zendesk,
}
SIGN_NO_BODY = {"amplitude", "google-calendar", "ms-graph-calendar"}
SIGN_A_TIME = {"hubspot", "stripe", "zendesk"}
BY_HEADERS = sorted(OF_HEADERS.keys() - {"ms-graph-calendar"})


def push(connector: str, at: int = NOW, **changes: object) -> Push:
    """A push as the vendor sends it, signed at ``at``."""
    body = NOTIFICATIONS if connector == "ms-graph-calendar" else BODY
    headers = OF_HEADERS[connector](SECRET, body, at)
    sound = Push(method="POST", url=URL, headers={"content-length": "1", **headers}, body=body, now=NOW)
    return msgspec.structs.replace(sound, **changes)


def fault(connector: str, sent: Push, secret: str = SECRET) -> str:
    """What is said of a push; whatever it is, it must not help to sign one."""
    said = SIGNATURES[connector].fault(secret, sent)
    assert secret not in said
    assert not any(len(word) > 39 for word in said.split()), "no digest"
    return said


def test_every_vendor_folder_signs() -> None:
    assert SIGNATURES.keys() == load_normalisers().keys() == OF_HEADERS.keys()
    assert all(isinstance(found, Signature) for found in SIGNATURES.values())


@pytest.mark.parametrize("connector", OF_HEADERS)
def test_what_the_vendor_signed_passes(connector: str) -> None:
    assert fault(connector, push(connector)) == ""
    assert SIGNATURES[connector].challenge(push(connector)) == ""


@pytest.mark.parametrize("connector", OF_HEADERS)
@pytest.mark.parametrize("secret", ["0ther", SECRET + " ", SECRET[:-1], SECRET.upper()])
def test_another_secret_is_refused(connector: str, secret: str) -> None:
    assert fault(connector, push(connector), secret)


@pytest.mark.parametrize("connector", sorted(OF_HEADERS.keys() - SIGN_NO_BODY))
@pytest.mark.parametrize("body", [b"", BODY + b" ", BODY.replace(b"1", b"2"), b"\xff"])
def test_another_body_is_refused(connector: str, body: bytes) -> None:
    assert "no proxy change the body" in fault(connector, push(connector, body=body))


@pytest.mark.parametrize("connector", BY_HEADERS)
def test_each_header_is_needed(connector: str) -> None:
    sound = push(connector)
    for name in OF_HEADERS[connector](SECRET, BODY, NOW):
        without = {key: value for key, value in sound.headers.items() if key != name}
        assert fault(connector, push(connector, headers=without)) == (
            f"the header {name} is missing: give the webhook its secret at the vendor"
        )


@pytest.mark.parametrize("connector", BY_HEADERS)
@pytest.mark.parametrize(
    "value", ["", " ", "x", "é", "\xff", "sha256=", "sha1=", "t=,v1=", "v1", "Bearer ", "9" * 5000]
)
def test_a_header_that_says_something_else_is_refused(connector: str, value: str) -> None:
    sound = push(connector)
    for name in OF_HEADERS[connector](SECRET, BODY, NOW):
        assert fault(connector, push(connector, headers={**sound.headers, name: value}))


@pytest.mark.parametrize("connector", sorted(SIGN_A_TIME))
@pytest.mark.parametrize("side", [-1, 1])
def test_a_signed_time_holds_five_minutes(connector: str, side: int) -> None:
    assert fault(connector, push(connector, NOW + side * MAX_AGE_MS)) == ""
    assert "signed over 300 s from now" in fault(connector, push(connector, NOW + side * (MAX_AGE_MS + 1000)))


@pytest.mark.parametrize("stamp", ["", "soon", "-1", "1e12", "²", "١٧٠٠٠٠٠٠٠٠٠٠٠", " 1700000000000", "9" * 17])
def test_a_signed_time_that_is_none_is_refused(stamp: str) -> None:
    mac = _mac("sha256", SECRET, f"{stamp}.", BODY).hex()
    for connector, headers in {
        "stripe": {"stripe-signature": f"t={stamp},v1={mac}"},
        "hubspot": {
            "x-hubspot-signature-v3": _base64(SECRET, "POST", URL, BODY, stamp),
            "x-hubspot-request-timestamp": stamp,
        },
        "zendesk": {
            "x-zendesk-webhook-signature": _base64(SECRET, stamp, BODY),
            "x-zendesk-webhook-signature-timestamp": stamp,
        },
    }.items():
        assert "is no time" in fault(connector, push(connector, headers=headers))


def test_hubspot_signs_the_address_and_the_method() -> None:
    for changes in ({"url": URL + "&x=1"}, {"url": URL.replace("https", "http")}, {"method": "PUT"}):
        assert "address" in fault("hubspot", push("hubspot", **changes))


@pytest.mark.parametrize(
    ("called", "signed"),
    [
        ("%3a%2F%3F%40%21%24%27%28%29%2A%2C%3B", ":/?@!$'()*,;"),
        ("%3A/?@", ":/?@"),
        ("%20%25%2B%3D%26", "%20%25%2B%3D%26"),
        ("%253A", "%253A"),
    ],
)
def test_hubspot_signs_twelve_characters_decoded(called: str, signed: str) -> None:
    url = "https://example.com/v1/webhooks/acme/hubspot?q="
    headers = {
        "x-hubspot-signature-v3": _base64(SECRET, "POST", url, signed, BODY, str(NOW)),
        "x-hubspot-request-timestamp": str(NOW),
    }
    assert fault("hubspot", push("hubspot", url=url + called, headers=headers)) == ""


def test_stripe_signs_twice_while_a_secret_is_replaced() -> None:
    old, new = (_mac("sha256", secret, f"{NOW // 1000}.", BODY).hex() for secret in ("old", SECRET))
    for header in (f"t={NOW // 1000},v1={old},v1={new}", f"v1={new}, t={NOW // 1000}, v1={old}"):
        assert fault("stripe", push("stripe", headers={"stripe-signature": header})) == ""
    for header in (f"t={NOW // 1000},v0={new}", f"t={NOW // 1000 + 1},v1={new}", f"v1={new}"):
        assert fault("stripe", push("stripe", headers={"stripe-signature": header}))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff",
        b'{"value": []}',
        b'{"value": {}}',
        b'{"value": [null]}',
        b'{"value": [{}]}',
        b'{"value": [{"clientState": null}]}',
        b'{"value": [{"clientState": ["other"]}]}',
        json.dumps({"clientState": SECRET}).encode(),
        json.dumps({"value": [{"clientState": SECRET}, {"clientState": "other"}]}).encode(),
        json.dumps({"value": [{"clientState": SECRET}, {}]}).encode(),
    ],
)
def test_graph_is_known_by_every_notification(body: bytes) -> None:
    assert fault("ms-graph-calendar", push("ms-graph-calendar", body=body))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("?validationToken=Validation%3a+Testing+client%2Bid%3A+%C3%BC", "Validation: Testing client+id: ü"),
        ("?resource=events&validationToken=a", "a"),
        ("?validationToken=", ""),
        ("?validationtoken=a", ""),
        ("", ""),
    ],
)
def test_graph_hears_its_token_decoded(query: str, wanted: str) -> None:
    address = "https://[hooks/v1/webhooks/acme/ms-graph-calendar"  # a bad host is no reason to fail
    assert SIGNATURES["ms-graph-calendar"].challenge(push("ms-graph-calendar", url=address + query)) == wanted


def test_only_graph_asks_whose_an_address_is() -> None:
    url = URL + "&validationToken=a"
    asking = {name for name, signature in SIGNATURES.items() if signature.challenge(push(name, url=url))}
    assert asking == {"ms-graph-calendar"}


@pytest.mark.parametrize(
    ("connector", "secret", "sent"),
    [
        (
            "jira",  # in Atlassian's documentation of secured webhooks
            "It's a Secret to Everybody",
            Push(
                method="POST",
                url=URL,
                headers={"x-hub-signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"},
                body=b"Hello World!",
                now=NOW,
            ),
        ),
        (
            "hubspot",  # in the tests of HubSpot's own client for Python
            "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy",
            Push(
                method="POST",
                url="https://www.example.com/webhook_uri",
                headers={
                    "x-hubspot-signature-v3": "HPW73RUtKmcYoEDADG0s6MmGFWUzWJKAW07r8RDgcQw=",
                    "x-hubspot-request-timestamp": "15000000",
                },
                body=b"{'example_field':'example_value'}",
                now=15_000_000,
            ),
        ),
    ],
    ids=["jira", "hubspot"],
)
def test_what_a_vendor_publishes_passes(connector: str, secret: str, sent: Push) -> None:
    assert SIGNATURES[connector].fault(secret, sent) == ""
