"""Reads records and their accounts straight from the raw logs; shares nothing with the product on purpose."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Values = dict[str, object]


def opportunities(log: Path) -> Iterator[tuple[str, str, int, Values]]:
    """(id, account, version, fields) of each row of each page, in order."""
    for body in _bodies(log):
        for record in body["records"]:
            fields = {
                "name": record["Name"],
                "stage": record["StageName"],
                "amount": record["Amount"],
                "close_date": record["CloseDate"],
                "created": _utc(record["CreatedDate"]),
                "owner": (record.get("Owner") or {}).get("Name"),
                "category": record.get("Category__c"),
            }
            account = (record.get("Account") or {}).get("Name") or ""
            yield record["Id"], account, _ms(record["SystemModstamp"]), fields


def issues(log: Path) -> Iterator[tuple[str, str, int, Values]]:
    """(key, account, time of the event, fields) of each event, in order."""
    for body in _bodies(log):
        fields = body["issue"]["fields"]
        organizations = fields.get("customfield_10002") or []
        cycles = ((fields.get("customfield_10010") or {}).get("completedCycles")) or []
        values = {
            "status": fields["status"]["name"],
            "status_category": fields["status"]["statusCategory"]["key"],
            "priority": fields["priority"]["name"],
            "created": _utc(fields["created"]),
            "resolved": _utc(fields.get("resolutiondate")),
            "reporter": (fields.get("reporter") or {}).get("accountId"),
            "assignee": (fields.get("assignee") or {}).get("accountId"),
            "group": (fields.get("customfield_10003") or {}).get("name"),
            "sla_breached": cycles[0]["breached"] if cycles else None,
            "reopen_count": fields.get("customfield_10028"),
            "revision": fields.get("customfield_10031"),
        }
        yield body["issue"]["key"], organizations[0]["id"] if organizations else "", body["timestamp"], values


def _bodies(log: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(log, "rt") as file:
        for line in file:
            yield json.loads(line)["body"]


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _utc(text: str | None) -> str | None:
    if text is None:
        return None
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
