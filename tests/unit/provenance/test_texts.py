"""What people wrote is read from each vendor's body as plain text, and only that."""

import json

import pytest

from revloop.contracts.generated.events import EntityRef, Scalar, Snapshot, SnapshotChange
from revloop.integrations import load_normalisers, load_texts
from revloop.provenance.texts import Texts, plain_text

TEXTS = Texts(load_normalisers(), load_texts())
BODIES: dict[str, tuple[str, str, str, object, str]] = {
    "zendesk": (
        "zendesk",
        "tickets",
        "support_case",
        {
            "tickets": [
                {
                    "id": 7,
                    "updated_at": "2024-01-01T00:00:00Z",
                    "subject": "Export",
                    "description": "It stays empty.\n\nSince Monday.",
                }
            ]
        },
        "It stays empty.\n\nSince Monday.",
    ),
    "hubspot note": (
        "hubspot",
        "notes",
        "interaction",
        {
            "results": [
                {
                    "id": "5",
                    "updatedAt": "2024-01-01T00:00:00Z",
                    "properties": {"hs_note_body": "<p>They <b>froze</b> spending.</p><p>Ask in May.</p>"},
                }
            ]
        },
        "They froze spending.\n\nAsk in May.",
    ),
    "jira": (
        "jira",
        "issue",
        "support_case",
        {
            "timestamp": 1700000000000,
            "webhookEvent": "jira:issue_updated",
            "issue": {
                "id": "1",
                "key": "A-1",
                "fields": {
                    "updated": "2024-01-01T00:00:00.000+0000",
                    "description": "Nobody can sign in.",
                    "comment": {"comments": [{"body": "A new certificate helps."}]},
                },
            },
        },
        "Nobody can sign in.\n\nA new certificate helps.",
    ),
    "salesforce": (
        "salesforce",
        "Opportunity",
        "opportunity",
        {
            "records": [
                {
                    "attributes": {"type": "Opportunity"},
                    "Id": "006000000000001AAA",
                    "SystemModstamp": "2024-01-01T00:00:00.000+0000",
                    "Name": "Pumps",
                    "Description": "Replace the pumps.",
                }
            ],
            "done": True,
        },
        "Replace the pumps.",
    ),
}


def snapshot(connector: str, entity_type: str, item: int = 0, **fields: Scalar) -> Snapshot:
    return Snapshot(
        event_id="snp_1",
        event_type=Snapshot.EVENT_TYPE,
        tenant_id="t",
        account_id="a",
        source="ingest",
        trace_id="0" * 32,
        caused_by="dlv_1",
        occurred_at=1,
        observed_at=1,
        snapshot_id="0" * 64,
        entity=EntityRef(connector=connector, entity_type=entity_type, entity_id="1", entity_key="K-1"),
        change=SnapshotChange.record,
        version=1,
        fields=fields,
        delivery_id="dlv_1",
        item=item,
        baseline=False,
    )


@pytest.mark.parametrize("name", BODIES)
def test_the_words_of_a_body_are_read(name: str) -> None:
    connector, resource, entity_type, body, text = BODIES[name]
    data = json.dumps(body).encode()
    assert TEXTS.of(snapshot(connector, entity_type), resource, data) == ("K-1", text)
    assert TEXTS.of(snapshot(connector, entity_type, item=9), resource, data) == ("K-1", "")
    assert TEXTS.of(snapshot(connector, entity_type), resource, b"no json") == ("K-1", "")


def test_fields_that_are_words_need_no_body() -> None:
    told = snapshot("zendesk", "support_case", subject="Export stays empty")
    assert TEXTS.of(told, "", None) == ("Export stays empty", "Export stays empty")
    assert TEXTS.of(snapshot("salesforce", "contact", title="Analyst"), "", None) == ("Analyst", "")
    assert TEXTS.of(snapshot("salesforce", "opportunity", name="Pumps"), "", None) == ("Pumps", "")


def test_a_vendor_without_texts_needs_no_body() -> None:
    assert not TEXTS.wants_body(snapshot("amplitude", "usage"))
    assert TEXTS.wants_body(snapshot("zendesk", "support_case"))


def test_every_vendor_names_objects_that_it_has() -> None:
    normalisers = load_normalisers()
    for connector, places in load_texts().items():
        assert set(places) <= set(normalisers[connector].objects), connector


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a < b and c > d", "a < b and c > d"),
        ("<html><head><style>p{}</style></head><body>Hi&nbsp;there<br>you</body></html>", "Hi there\nyou"),
        ("one\r\n\r\n\r\n\r\ntwo  three ", "one\n\ntwo three"),
        ("<script>alert(1)</script>kept", "kept"),
        ("  ", ""),
    ],
)
def test_marks_go_and_words_stay(text: str, plain: str) -> None:
    assert plain_text(text) == plain
