"""Every body of the samples of ten vendors: what it is found to be, connector by connector and resource by resource.

The table is compared exactly with ``fixtures/verdicts.csv``. After a change that is meant to read more, or less, write
it anew and look at the difference: ``REVLOOP_WRITE=1 pytest tests/golden/test_verdicts.py``.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from revloop.contracts.generated.events import Delivery
from revloop.integrations import load_normalisers
from revloop.integrations.record import Record
from revloop.replay.deliveries import as_delivery
from revloop.stores.delivery_files import read
from revloop.tenants import Registry
from services.ingest.core.parsed import FIRST_HTTP_ERROR, Parsed, Parser
from tests.figures import write_if_asked
from tests.loops import PROFILES, SHARED

FOLDER = SHARED / "fixtures"
TABLE = Path(__file__).parent / "fixtures" / "verdicts.csv"
COLUMNS = ("connector", "resource", "verdict", "reason", "bodies")
NORMALISED, IN_PART, EMPTY, REFUSED = "normalised", "in part", "empty", "refused"
HTTP_ERRORS = 105
"""As others counted them."""
DECLARED: Mapping[str, str] = {
    "google-calendar": r"events",
    "intercom": r"/(companies|contacts|conversations|tickets)(/(list|scroll|search|merge|redact|\{\w+_id\}))?"
    r"|/contacts/\{contact_id\}/(archive|unarchive)"
    r"|/conversations/\{conversation_id\}/(convert|reply|run_assignment_rules|parts)"
    r"|/companies/\{company_id\}/contacts|/contacts/\{contact_id\}/companies(/\{company_id\})?",
    "jira": r"issue|issues_in_sprint",
    "ms-graph-calendar": r"(me|groups)/.*(events|calendarView)(/\*|/\*/instances|/delta)?(\?.*)?",
    "salesforce": r"Accounts|Contacts",
    "segment": r"track|page|screen|identify|group",
    "zendesk": r"organizations?|users?|tickets?|search_ticket",
}
"""Resources by which a vendor tells objects of the kinds that its folder reads, whether or not these bodies hold any.

Of the others there is nothing but tables of a warehouse, which are not the vendor's own words.
"""
SHARES = {
    "google-calendar": (13, 0, 13),
    "intercom": (34, 3, 39),
    "jira": (27, 0, 31),
    "ms-graph-calendar": (9, 0, 18),
    "salesforce": (0, 0, 3),
    "segment": (7, 0, 19),
    "zendesk": (9, 0, 9),
}
"""Bodies of declared resources that are no HTTP errors: normalised with every item, empty, and all of them.

Refused are events with parts of an issue (Jira), rows and calls without an id (Salesforce's and Segment's samples are
written by hand), events without an id or with a zone by its Windows name (Graph), and answers to a deletion and to a
message that bring no object (Intercom).
"""
Row = tuple[str, str, str, str]
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason=f"no samples at {FOLDER} (set REVLOOP_SHARED_DATA)")


def verdict(parsed: Parsed) -> tuple[str, str]:
    """What a body is, and the reasons of what was refused."""
    if parsed.refusal is not None:
        return REFUSED, parsed.refusal.reason
    reasons = sorted({item.reason for item in parsed.records if not isinstance(item, Record)})
    if not reasons:
        return (NORMALISED if parsed.records else EMPTY), ""
    some = any(isinstance(item, Record) for item in parsed.records)
    return (IN_PART if some else REFUSED), " ".join(reasons)


@pytest.fixture(scope="module")
def bodies() -> list[tuple[Delivery, Row]]:
    """Every delivery of the samples with its verdict."""
    registry = Registry.load(PROFILES)
    parser = Parser(registry, load_normalisers())
    found = []
    for delivery in map(as_delivery, read([FOLDER])):
        parsed = parser.parse(delivery, registry.get(delivery.tenant_id))
        found.append((delivery, (delivery.connector, delivery.resource, *verdict(parsed))))
    return found


@pytest.fixture(scope="module")
def counted(bodies: list[tuple[Delivery, Row]]) -> Counter[Row]:
    return Counter(row for _, row in bodies)


def committed() -> Counter[Row]:
    with TABLE.open(newline="") as file:
        lines = csv.DictReader(file)
        return Counter({tuple(line[name] for name in COLUMNS[:-1]): int(line["bodies"]) for line in lines})  # type: ignore[misc]  # four columns


def table(counted: Counter[Row]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((*row, count) for row, count in sorted(counted.items()))
    return file.getvalue()


def test_every_body_is_what_the_table_says(counted: Counter[Row]) -> None:
    write_if_asked(TABLE, table(counted))
    wanted = committed()
    assert (counted - wanted, wanted - counted) == (Counter(), Counter())


def test_every_http_error_is_taken_for_one_and_nothing_else_is(bodies: list[tuple[Delivery, Row]]) -> None:
    errors = [row for delivery, row in bodies if delivery.status >= FIRST_HTTP_ERROR]
    assert {row[2:] for row in errors} == {(REFUSED, "http_error")}
    assert len(errors) == sum(row[3] == "http_error" for _, row in bodies) == HTTP_ERRORS


def test_as_much_of_what_is_declared_is_normalised_as_ever(counted: Counter[Row]) -> None:
    shares = {}
    for connector, declared in DECLARED.items():
        sound = Counter(
            {
                row: count
                for row, count in counted.items()
                if row[0] == connector and row[3] != "http_error" and re.fullmatch(declared, row[1])
            }
        )
        verdicts = Counter[str]()
        for row, count in sound.items():
            verdicts[row[2]] += count
        shares[connector] = (verdicts[NORMALISED], verdicts[EMPTY], verdicts.total())
    assert shares == SHARES


def test_connectors_without_a_declared_resource_have_tables_alone(counted: Counter[Row]) -> None:
    others = {(connector, reason) for connector, *_, reason in counted if connector not in DECLARED}
    assert {connector for connector, _ in others} == load_normalisers().keys() - DECLARED.keys()
    assert {reason for _, reason in others} == {"warehouse_table"}


def test_a_table_of_a_warehouse_is_never_read(counted: Counter[Row]) -> None:
    tables = {row[2:] for row in counted if row[1].startswith("table:")}
    assert tables == {(REFUSED, "warehouse_table")}
