"""Samples of other people's bodies: each is read or refused with a reason, and whole issues are all read."""

import gzip
import json
from collections import Counter
from collections.abc import Mapping

import msgspec
import pytest

from revloop.contracts.failures import Reject
from revloop.integrations import load_normalisers
from revloop.integrations.reading import plans, read_records
from revloop.integrations.record import ObjectMapping, Record
from tests.loops import SHARED

FILE = SHARED / "fixtures" / "deliveries.jsonl.gz"
NORMALISERS = load_normalisers()
PLAIN = ObjectMapping(entity_type="thing", fields={"name": "Name"})
OBJECTS: Mapping[str, Mapping[str, ObjectMapping]] = {
    "salesforce": {"Account": PLAIN, "Contact": PLAIN, "Lead": PLAIN, "Opportunity": PLAIN},
    "jira": {
        "issue": ObjectMapping(
            entity_type="support_case",
            account="project.key",
            fields={"summary": "summary", "status": "status.name", "priority": "priority.name", "created": "created"},
        )
    },
}
pytestmark = pytest.mark.skipif(not FILE.exists(), reason=f"no samples at {FILE} (set REVLOOP_SHARED_DATA)")


class Sample(msgspec.Struct):
    connector: str
    resource: str
    name: str
    body: msgspec.Raw

    def read(self) -> list[str]:
        """``record``, or the reason of the refusal, for each item."""
        try:
            items = read_records(
                NORMALISERS[self.connector], self.resource, bytes(self.body), plans(OBJECTS[self.connector])
            )
        except Reject as refusal:
            return [refusal.reason]
        return ["record" if isinstance(item, Record) else item.reason for item in items]


def samples(connector: str) -> list[Sample]:
    decode = msgspec.json.Decoder(Sample).decode
    with gzip.open(FILE) as lines:
        found = [decode(line) for line in lines if b'"connector":"%s"' % connector.encode() in line]
    assert all(sample.connector == connector for sample in found)
    return found


def test_every_issue_event_is_a_record_and_every_other_is_refused() -> None:
    fates: dict[str, Counter[str]] = {"jira:issue": Counter(), "comment": Counter(), "": Counter()}
    for sample in samples("jira"):
        body = json.loads(bytes(sample.body))
        event = body.get("webhookEvent", "") if isinstance(body, dict) else ""
        fates[event.partition("_")[0]].update(sample.read())
    assert fates["jira:issue"].keys() == {"record"}
    assert fates["jira:issue"]["record"] >= 25
    assert fates["comment"].keys() == {"unmapped_event"}
    assert fates[""].keys() == {"record", "unknown_shape"}, "a search finds whole issues; other answers hold none"


def test_exports_without_ids_and_tables_are_refused_with_a_reason() -> None:
    fates: Counter[str] = Counter()
    for sample in samples("salesforce"):
        fates.update(sample.read())
    assert fates.keys() == {"missing_id", "unknown_shape"}
    assert fates["unknown_shape"] >= 10
