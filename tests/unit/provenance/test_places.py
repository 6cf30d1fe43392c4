"""Where fields were read: every vendor's examples, and bodies in which a field is worked out or stands elsewhere."""

import json
from pathlib import Path

import msgspec
import pytest

from revloop.contracts.failures import Reject
from revloop.integrations import load_normalisers
from revloop.integrations.reading import plans, read_records
from revloop.integrations.record import ObjectMapping
from revloop.provenance.places import origins
from tests.architecture.tree import ROOT

NORMALISERS = load_normalisers()
BY_FOLDER = {type(found).__module__.split(".")[-2]: found for found in NORMALISERS.values()}
EXAMPLES = [
    path
    for path in sorted((ROOT / "revloop" / "integrations").glob("*/examples/*.json"))
    if "expected" in json.loads(path.read_bytes())
]
NOT_IN_A_BODY = {"kind", "deleted", "status_category"}
"""HubSpot's resource says whether something is a call, a mail or a note; a deletion may be said by the name of an
event or by a name that is there, and that an Intercom conversation is closed by two fields at once."""
Row = tuple[str, str, object, int, dict[str, list[tuple[str | int, ...]]]]
DEAL = {"id": "7", "updatedAt": "2024-03-01T00:00:00Z", "properties": {"amount": "5", "dealstage": "won"}}
TASK = {"id": "8", "updatedAt": "2024-03-01T00:00:00Z", "properties": {"hs_task_status": "COMPLETED"}}
CHANGE = {"subscriptionType": "deal.propertyChange", "occurredAt": 1_709_251_200_000, "objectId": 7}
EVENT = {
    "id": "m", "updated": "2024-03-01T00:00:00Z", "start": {"date": "2024-03-05"},
    "attendees": [{"email": "a@x.example"}, {"email": "b@x.example"}],
}  # fmt: skip
ROW = {"attributes": {"type": "Opportunity"}, "Id": "006", "SystemModstamp": "2024-03-01T00:00:00Z"}
ROWS: list[Row] = [
    (
        "hubspot", "deals", {"results": [{**DEAL, "id": "6"}, DEAL]}, 1,
        {"amount": [("results", 1, "properties", "amount")], "stage": [("results", 1, "properties", "dealstage")]},
    ),
    ("hubspot", "tasks", {"results": [TASK]}, 0, {
        "done": [("results", 0, "properties", "hs_task_status")], "key": [("results", 0, "id")], "due": [],
    }),
    (
        "hubspot", "", [CHANGE | {"propertyName": "amount", "propertyValue": "9"}], 0,
        {"amount": [(0, "propertyName"), (0, "propertyValue")], "stage": []},
    ),
    ("google-calendar", "events", {"items": [EVENT]}, 0, {
        "starts": [("items", 0, "start", "date")],
        "attendees": [("items", 0, "attendees")],
        "external_attendees": [("items", 0, "attendees", 0, "email"), ("items", 0, "attendees", 1, "email")],
    }),
    (
        "salesforce", "Opportunity", {"records": [{**ROW, "Owner": {"Name": "Ann"}, "IsDeleted": True}]}, 0,
        {"owner": [("records", 0, "Owner", "Name")], "deleted": [("records", 0, "IsDeleted")]},
    ),
]  # fmt: skip


def name(path: Path) -> str:
    return f"{path.parents[1].name}-{path.stem}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_a_field_is_found_where_the_vendor_wrote_it(row: Row) -> None:
    connector, resource, body, item, expected = row
    normaliser = NORMALISERS[connector]
    found = origins(normaliser, resource, json.dumps(body).encode(), item, plans(normaliser.objects))
    assert {name: list(found[name].places) for name in expected} == expected


def test_the_path_of_the_mapping_is_told() -> None:
    normaliser = NORMALISERS["hubspot"]
    found = origins(normaliser, "deals", json.dumps({"results": [DEAL]}).encode(), 0, plans(normaliser.objects))
    assert found["amount"].path == "properties.amount | number"


@pytest.mark.parametrize("body", [b"{", b"{}", b'{"results": []}', b'{"results": [null]}'])
def test_what_cannot_be_read_has_no_origins(body: bytes) -> None:
    normaliser = NORMALISERS["hubspot"]
    assert origins(normaliser, "deals", body, 0, plans(normaliser.objects)) == {}


def test_a_place_is_found_among_many_rows() -> None:
    rows = [{**ROW, "Id": str(number), "Name": f"n{number}"} for number in range(2000)]
    normaliser = NORMALISERS["salesforce"]
    body = json.dumps({"records": rows}).encode()
    found = origins(normaliser, "Opportunity", body, 1234, plans(normaliser.objects))
    assert found["name"].places == (("records", 1234, "Name"),)


@pytest.mark.parametrize("path", EXAMPLES, ids=name)
def test_every_field_of_a_vendors_example_stands_somewhere_in_it(path: Path) -> None:
    example = json.loads(path.read_bytes())
    normaliser = BY_FOLDER[path.parents[1].name]
    own = {key: msgspec.convert(value, ObjectMapping) for key, value in example.get("objects", {}).items()}
    objects = plans(own if "objects" in example else normaliser.objects)
    body = json.dumps(example["body"]).encode()
    for number, record in enumerate(read_records(normaliser, example["resource"], body, objects)):
        if isinstance(record, Reject):
            continue
        found = origins(normaliser, example["resource"], body, number, objects)
        told = {field for field, value in record.fields.items() if value}  # 0 and false are said by absence, too
        assert {field for field in told if field not in found or not found[field].places} <= NOT_IN_A_BODY
