"""A small Salesforce organisation as a delivery log, and what tests of the adapter share."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from revloop.contracts.failures import ErrorKind, VendorError
from revloop.integrations.salesforce.client import RecordVersion, SalesforceClient
from tests.processes import SalesforceStandin

KEY = "Revloop_Action_Id__c"
"""The external id field of every object of the stand-in."""
ACCOUNT_ID = "001RL0000000000AAA"
"""The account of ``salesforce_log``."""
OPPORTUNITIES = 450
"""How many the shared stand-in of a test module holds: more than two query pages."""


def salesforce_log(path: Path, *, opportunities: int = 3) -> Path:
    """A delivery log of one account and its opportunities (see ``opportunity_id``), as query pages have them."""
    pages = [list(range(start, min(start + 100, opportunities + 1))) for start in range(1, opportunities + 1, 100)]
    lines = [_delivery(seq, [_opportunity(number) for number in page]) for seq, page in enumerate(pages, start=1)]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def opportunity_id(number: int) -> str:
    """Id of an opportunity of ``salesforce_log``."""
    return f"006RL{number:010d}AAA"


def _delivery(seq: int, records: list[dict[str, object]]) -> str:
    body = {"totalSize": len(records), "done": True, "records": records}
    at = "2018-03-01T00:00:00Z"
    return (
        json.dumps({"seq": seq, "at": at, "tenant": "t", "connector": "salesforce", "mode": "poll", "body": body})
        + "\n"
    )


def _opportunity(number: int) -> dict[str, object]:
    record_id = opportunity_id(number)
    return {
        "attributes": {"type": "Opportunity", "url": f"/services/data/v59.0/sobjects/Opportunity/{record_id}"},
        "Id": record_id,
        "Name": f"Deal {number:03d}",
        "AccountId": ACCOUNT_ID,
        "Account": {
            "attributes": {"type": "Account", "url": f"/services/data/v59.0/sobjects/Account/{ACCOUNT_ID}"},
            "Name": "O'Neill & Söhne",
        },
        "StageName": "Design",
        "Amount": 1000.5 * number,
        "CloseDate": "2018-06-30",
        "PID__c": str(number),
        "CreatedDate": "2018-01-01T00:00:00.000+0000",
        "SystemModstamp": "2018-03-01T00:00:00.000+0000",
    }


def connected(standin: SalesforceStandin, *, timeout_s: float = 10.0, api_version: str = "v59.0") -> SalesforceClient:
    """A client of the stand-in, with its demo credentials."""
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
    """The accepted writes to one record, in order."""
    return [effect for effect in standin.effects() if effect["id"] == record_id]


def version_of(client: SalesforceClient, number: int) -> RecordVersion:
    """The present version of an opportunity of ``salesforce_log``."""
    return client.get("Opportunity", opportunity_id(number), ["Name"]).version
