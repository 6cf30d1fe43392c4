"""SOQL in, a query or a refusal out; the adapter's literals come back as the values they were made from."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revloop.integrations.salesforce.client import soql_literal
from standins.salesforce.answers import Refused
from standins.salesforce.soql import Condition, Moment, Order, Query, parse


def test_a_whole_query() -> None:
    parsed = parse(
        "select Id, Account.Owner.Name from Opportunity where Amount >= -1.5 and Name like 'a%' "
        "and StageName not in ('x', null) order by CloseDate desc nulls last, Name limit 7"
    )
    assert parsed == Query(
        fields=(("Id",), ("Account", "Owner", "Name")),
        object="Opportunity",
        conditions=(
            Condition(("Amount",), ">=", (-1.5,)),
            Condition(("Name",), "LIKE", ("a%",)),
            Condition(("StageName",), "NOT IN", ("x", None)),
        ),
        orders=(Order(("CloseDate",), descending=True, nulls_last=True), Order(("Name",))),
        limit=7,
    )


def test_moments_and_days_are_told_apart() -> None:
    parsed = parse("SELECT Id FROM X WHERE A > 2018-03-01T01:00:00+01:00 AND B = 2018-03-01 AND C <> true")
    assert [condition.literals[0] for condition in parsed.conditions] == [
        Moment(1_519_862_400_000),
        date(2018, 3, 1),
        True,
    ]
    assert parsed.conditions[2].operator == "!="


@pytest.mark.parametrize(
    "soql",
    [
        "",
        "SELECT",
        "SELECT FROM X",
        "SELECT Id X",
        "SELECT Id FROM X WHERE",
        "SELECT Id FROM X WHERE A",
        "SELECT Id FROM X WHERE A = b",
        "SELECT Id FROM X WHERE A = 'open",
        "SELECT Id FROM X WHERE A = 1 OR B = 2",
        "SELECT Id FROM X WHERE A IN ()",
        "SELECT Id FROM X WHERE A = 2018-02-30",
        "SELECT Id FROM X LIMIT many",
        "SELECT Id FROM X LIMIT -1",
        "SELECT Id FROM X; DELETE",
        "SELECT Id, FROM X",
        "SELECT Id FROM X ORDER Name",
        "SELECT Id FROM X ORDER BY Name NULLS",
    ],
)
def test_what_does_not_fit_is_malformed(soql: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(soql)
    assert (refused.value.status, refused.value.code) == (400, "MALFORMED_QUERY")


@given(st.text())
def test_any_text_survives_the_quotes(text: str) -> None:
    parsed = parse(f"SELECT Id FROM X WHERE A = {soql_literal(text)} AND B = 1")
    assert parsed.conditions[0].literals == (text,)
    assert len(parsed.conditions) == 2


@given(st.one_of(st.booleans(), st.none(), st.integers(-(10**12), 10**12), st.dates(min_value=date(1900, 1, 1))))
def test_other_values_survive_too(value: bool | int | date | None) -> None:
    assert parse(f"SELECT Id FROM X WHERE A = {soql_literal(value)}").conditions[0].literals == (value,)


def test_a_moment_is_written_in_utc() -> None:
    assert soql_literal(datetime(2018, 3, 1, tzinfo=UTC)) == "2018-03-01T00:00:00Z"
    assert soql_literal(1e20) == "100000000000000000000.000000"


@given(st.text(alphabet="SELECT FROMWHEREAND'\\(),=<>.0123456789-TZ:ab\n", max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    assert _refusal(text) in ("", "MALFORMED_QUERY")


def _refusal(text: str) -> str:
    try:
        parse(text)
    except Refused as refusal:
        return refusal.code
    return ""
