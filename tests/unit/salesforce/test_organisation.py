"""The stand-in's organisation without its process: clocks, ids, filling from delivery logs, queries."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revloop.simulate.run import simulate
from standins.salesforce.answers import Json, Refused
from standins.salesforce.clock import FileClock, WallClock, datetime_text, http_date, parse_datetime, parse_http_date
from standins.salesforce.ids import looks_like_id, record_id, with_checksum
from standins.salesforce.org import Org, Preconditions, Writer
from standins.salesforce.seed import INTEGRATION_USER, PERSON_USER, BadDelivery, open_objects
from standins.salesforce.store import Store

US = Writer(user=INTEGRATION_USER, method="PATCH")


def shown(sobject: str, number: int, modified: str, **fields: Json) -> dict[str, Json]:
    """A record of a query page."""
    prefix = {"Opportunity": "006", "Account": "001", "Visit__c": "a00"}[sobject]
    key = record_id(prefix, number)
    attributes: dict[str, Json] = {"type": sobject, "url": f"/services/data/v59.0/sobjects/{sobject}/{key}"}
    return {"attributes": attributes, "Id": key, "SystemModstamp": modified, **fields}


def acme() -> dict[str, Json]:
    """An account as it is nested in other records."""
    return {"attributes": {"type": "Account", "url": f"/x/{record_id('001', 1)}"}, "Name": "Acme"}


def logged(path: Path, *pages: list[dict[str, Json]], connector: str = "salesforce") -> Path:
    """A delivery log of these query pages."""
    lines = [json.dumps({"connector": connector, "body": {"records": page}}) for page in pages]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def opened(folder: Path, *pages: list[dict[str, Json]], clock_ms: int = 0) -> Org:
    store = Store(folder / "state")
    return Org(store, open_objects(store, [logged(folder / "log.jsonl.gz", *pages)]), FileClock(clock_ms))


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Org]:
    account = acme()
    deals = [
        shown(
            "Opportunity",
            1,
            "2018-01-01T00:00:00Z",
            Name="a",
            Amount=3,
            CloseDate="2018-05-01",
            Account=account,
            AccountId=record_id("001", 1),
        ),
        shown(
            "Opportunity", 2, "2018-01-02T00:00:00Z", Name="B", Amount=1.5, CloseDate=None, Account=None, AccountId=None
        ),
        shown(
            "Opportunity",
            3,
            "2018-01-03T00:00:00Z",
            Name="c_%",
            Amount=None,
            CloseDate="2018-04-01",
            Account=None,
            AccountId=None,
        ),
    ]
    made = opened(tmp_path, deals)
    yield made
    made.store.close()


def names(org: Org, condition: str) -> list[Json]:
    page = org.query(f"SELECT Name FROM Opportunity {condition}", 200)
    return [record["Name"] for record in page.records if isinstance(record, dict)]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", ["a", "B", "c_%"]),
        ("WHERE Name = 'A'", ["a"]),
        ("WHERE Name != 'a'", ["B", "c_%"]),
        ("WHERE Amount != 3", ["B", "c_%"]),
        ("WHERE Amount = null", ["c_%"]),
        ("WHERE Amount > 0", ["a", "B"]),
        ("WHERE Amount > 1 AND Amount < 3", ["B"]),
        ("WHERE Amount IN (3, null)", ["a", "c_%"]),
        ("WHERE Name NOT IN ('a', 'b')", ["c_%"]),
        ("WHERE Name LIKE 'C%'", ["c_%"]),
        ("WHERE Name LIKE '_'", ["a", "B"]),
        ("WHERE Account.Name = 'acme'", ["a"]),
        ("WHERE CloseDate < 2018-05-01", ["c_%"]),
        ("WHERE SystemModstamp > 2018-01-01T00:00:00Z AND SystemModstamp <= 2018-01-03T00:00:00Z", ["B", "c_%"]),
        ("WHERE IsDeleted = false LIMIT 1", ["a"]),
        ("ORDER BY Amount", ["c_%", "B", "a"]),
        ("ORDER BY Amount DESC NULLS LAST", ["a", "B", "c_%"]),
        ("ORDER BY Name DESC", ["c_%", "B", "a"]),
        ("ORDER BY Account.Name NULLS LAST, Name DESC", ["a", "c_%", "B"]),
        ("LIMIT 0", []),
    ],
)
def test_queries(org: Org, condition: str, expected: list[str]) -> None:
    assert names(org, condition) == expected


@pytest.mark.parametrize(
    "condition",
    [
        "WHERE Amount = '3'",
        "WHERE Name = 3",
        "WHERE CloseDate = '2018-05-01'",
        "WHERE SystemModstamp > 2018-05-01",
        "WHERE Nonsense = 1",
        "WHERE Account.Nonsense = 1",
        "WHERE Nobody.Name = 'x'",
        "WHERE Amount LIKE '1%'",
        "ORDER BY Nonsense",
    ],
)
def test_ill_typed_filters_are_refused(org: Org, condition: str) -> None:
    with pytest.raises(Refused) as refused:
        names(org, condition)
    assert refused.value.status == 400


def test_the_latest_version_of_each_record_is_kept(tmp_path: Path) -> None:
    old = shown("Opportunity", 1, "2018-01-01T00:00:00.000+0000", Name="old")
    new = shown("Opportunity", 1, "2018-02-01T00:00:00.000+0000", Name="new", Custom_Flag__c=True, Score__c=2)
    org = opened(tmp_path, [new], [old])
    row = org.live("Opportunity", record_id("006", 1))
    assert (row.fields["Name"], row.modified_ms) == ("new", 1_517_443_200_000)
    assert org.catalogue.field_at("Opportunity", ("Custom_Flag__c",)).type == "boolean"
    assert org.catalogue.field_at("Opportunity", ("Score__c",)).type == "double"
    org.store.close()


def test_a_nested_record_never_hides_a_whole_one(tmp_path: Path) -> None:
    account = shown("Account", 7, "2018-01-01T00:00:00Z", Name="Whole", Industry="Steel")
    nested = {"attributes": account["attributes"], "Name": "Nested"}
    deal = shown("Opportunity", 1, "2018-02-01T00:00:00Z", Name="d", AccountId=account["Id"], Account=nested)
    org = opened(tmp_path, [account], [deal])
    assert org.live("Account", record_id("001", 7)).fields["Industry"] == "Steel"
    org.store.close()


def test_unknown_objects_are_learned_and_remembered(tmp_path: Path) -> None:
    account = acme()
    visit = shown(
        "Visit__c", 1, "2018-01-01T00:00:00Z", Day__c="2018-01-01", Account__c=record_id("001", 1), Account__r=account
    )
    first = opened(tmp_path, [visit])
    first.store.close()
    store = Store(tmp_path / "state")
    again = Org(store, open_objects(store, []), WallClock())
    [record] = again.query("SELECT Day__c, Account__r.Name FROM Visit__c WHERE Day__c = 2018-01-01", 200).records
    assert isinstance(record, dict)
    assert isinstance(record["Account__r"], dict)
    assert record["Account__r"]["Name"] == "Acme"
    store.close()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"{", "not JSON"),
        (b'{"connector": "salesforce", "body": {"records": [{"Id": "x"}]}}', "attributes"),
        (
            b'{"connector": "salesforce", "body": {"records": [{"attributes": {"type": "Account"}, "Id": "x"}]}}',
            "18-character",
        ),
        (
            json.dumps({"connector": "salesforce", "body": {"records": [shown("Account", 1, "yesterday")]}}).encode(),
            "yesterday",
        ),
        (
            json.dumps(
                {
                    "connector": "salesforce",
                    "body": {"records": [shown("Opportunity", 1, "2018-01-01T00:00:00Z", Amount="much")]},
                }
            ).encode(),
            "Amount",
        ),
    ],
)
def test_a_bad_log_is_refused_whole(tmp_path: Path, content: bytes, complaint: str) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(content)
    store = Store(tmp_path / "state")
    with pytest.raises(BadDelivery, match=complaint):
        open_objects(store, [log])
    assert store.row(PERSON_USER) is None
    assert store.meta("learned") is None
    store.close()


def test_a_broken_gzip_file_is_named(tmp_path: Path) -> None:
    log = logged(tmp_path / "log.jsonl.gz", [shown("Account", 1, "2018-01-01T00:00:00Z")])
    log.write_bytes(log.read_bytes()[:-10])
    store = Store(tmp_path / "state")
    with pytest.raises(BadDelivery, match=r"log\.jsonl\.gz"):
        open_objects(store, [log])
    store.close()


def test_other_connectors_are_passed_over(tmp_path: Path) -> None:
    store = Store(tmp_path / "state")
    open_objects(store, [logged(tmp_path / "log.jsonl.gz", [{"no": "matter"}], connector="jira")])
    assert [row.id for row in store.rows("User")] == [INTEGRATION_USER, PERSON_USER]
    store.close()


def test_the_made_up_company_is_held_and_what_was_deleted_there_is_deleted_here(tmp_path: Path) -> None:
    simulate(seed=11, accounts=24, months=6, out=tmp_path / "sim")
    store = Store(tmp_path / "state")
    open_objects(store, [tmp_path / "sim"])
    deleted = [row.fields["IsDeleted"] for row in store.rows("Account")]
    assert any(deleted)
    assert not all(deleted)
    owners = {row.fields["OwnerId"] for row in store.rows("Opportunity")}
    assert owners
    assert owners <= {row.id for row in store.rows("User")}
    store.close()


def test_a_refused_write_leaves_no_trace(org: Org) -> None:
    before, last = org.live("Opportunity", record_id("006", 1)), org.store.last_write_ms
    with pytest.raises(Refused):
        org.update("Opportunity", before.id, {"Name": "x", "AccountId": record_id("001", 99)}, US, Preconditions())
    assert org.live("Opportunity", before.id) == before
    assert org.store.last_write_ms == last
    assert org.store.effects(0, 10) == []


def test_stamps_only_increase(org: Org) -> None:
    deal = record_id("006", 1)
    for step in range(5):
        org.update("Opportunity", deal, {"NextStep": str(step)}, US, Preconditions())
    stamps = [effect["at_ms"] for effect in org.store.effects(0, 10)]
    seeded = parse_datetime("2018-01-03T00:00:00Z")
    assert stamps == [seeded + 1_000 * step for step in range(1, 6)]
    assert org.now_ms() == seeded + 6_000


def test_the_wall_clock_never_repeats_or_goes_back() -> None:
    readings = iter([1_000, 1_000, 500, 2_000])
    clock = WallClock(lambda: next(readings))
    stamps = [0]
    for _ in range(4):
        stamps.append(clock.stamp(stamps[-1]))
    assert stamps[1:] == [1_000, 1_001, 1_002, 2_000]


@given(st.integers(0, 4_102_444_800_000))
def test_times_survive_their_text(at_ms: int) -> None:
    assert parse_datetime(datetime_text(at_ms)) == at_ms
    assert parse_http_date(http_date(at_ms)) == at_ms // 1_000 * 1_000


def test_ids_carry_the_vendors_checksum() -> None:
    assert with_checksum("001D000000INjVe") == "001D000000INjVeIAL"
    made = {record_id("00T", number) for number in range(5_000)}
    assert len(made) == 5_000
    assert all(looks_like_id(item) for item in made)
