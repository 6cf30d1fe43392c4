"""Fingerprints, ids, keys and times: the same names everywhere, checked against published values."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from revloop.contracts.fingerprint import canonical_form, fingerprint
from revloop.contracts.ids import canonical, content_hash, derive_id, trace_of
from revloop.contracts.keys import account_key, join_key, murmur2, partition_of, split_key, tenant_key, tenant_of
from revloop.contracts.times import day_of, iso, next_boundary, parse_iso

PUBLISHED = {"null": 7195948357588979594, "boolean": -6970731678124411036, "int": 8247732601305521295}
"""CRC-64-AVRO as Avro's own test data has it."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_fingerprints_are_the_published_ones(name: str) -> None:
    assert int.from_bytes(fingerprint(name), "little", signed=True) == PUBLISHED[name]
    assert fingerprint({"type": name, "doc": "no matter"}) == fingerprint(name)


def test_the_canonical_form_keeps_what_bytes_depend_on() -> None:
    schema = {
        "type": "record",
        "doc": "words",
        "name": "Part",
        "namespace": "a.v1",
        "aliases": ["Old"],
        "fields": [
            {"name": "x", "type": {"type": "long", "logicalType": "timestamp-millis"}, "default": 3, "doc": "é"},
            {"name": "y", "type": ["null", {"type": "enum", "name": "E", "symbols": ["A"], "doc": "é"}]},
            {"name": "z", "type": {"values": {"items": "E", "type": "array"}, "type": "map"}},
        ],
    }
    assert canonical_form(schema) == (
        '{"name":"a.v1.Part","type":"record","fields":[{"name":"x","type":"long"},'
        '{"name":"y","type":["null",{"name":"a.v1.E","type":"enum","symbols":["A"]}]},'
        '{"name":"z","type":{"type":"map","values":{"type":"array","items":"a.v1.E"}}}]}'
    )


KAFKA = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}
"""murmur2 as Kafka's own tests have it."""


@pytest.mark.parametrize("data", KAFKA)
def test_murmur2_is_that_of_kafka(data: bytes) -> None:
    assert murmur2(data) == KAFKA[data] & 0xFFFFFFFF


def test_accounts_spread_over_partitions() -> None:
    found = {partition_of(account_key("acme", f"a-{number}"), 12) for number in range(500)}
    assert found == set(range(12))


NAMES = st.text(max_size=12)


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_no_part_of_a_key_pretends_to_be_two(parts: list[str]) -> None:
    key = join_key(*parts)
    assert split_key(key) == parts
    assert tenant_of(key) == parts[0]
    assert tenant_key(parts[0]) == key.split("|")[0]


@given(st.lists(NAMES, max_size=3), st.lists(NAMES, max_size=3))
def test_ids_differ_unless_their_parts_are_equal(left: list[str], right: list[str]) -> None:
    assert (derive_id("sig", *left) == derive_id("sig", *right)) == (left == right)


def test_ids_have_a_prefix_and_a_fixed_length() -> None:
    assert derive_id("sig", "a", 1).startswith("sig_")
    assert len(derive_id("sig", "a", 1)) == 36
    assert derive_id("sig", "a") != derive_id("dec", "a")
    assert len(trace_of("evt_1")) == 32


def test_content_is_named_by_what_it_says_not_by_its_order() -> None:
    assert content_hash({"b": 1, "a": [None, "é"]}) == content_hash({"a": [None, "é"], "b": 1})
    assert canonical({"b": 1, "a": 1.5}) == b'{"a":1.5,"b":1}'
    assert content_hash({"a": 1}) != content_hash({"a": "1"})


@given(st.integers(min_value=-62_135_596_800_000, max_value=253_402_300_799_999))
@example(-62_135_596_800_000)
@example(-36_000_000_000_000)  # in the year 829: three digits, if nobody looks
def test_times_come_back_from_text(at: int) -> None:
    assert parse_iso(iso(at)) == at
    assert iso(at).startswith(day_of(at))


def test_a_time_without_a_zone_is_utc_and_a_day_is_its_midnight() -> None:
    assert iso(1_519_862_400_000) == "2018-03-01T00:00:00Z"
    assert parse_iso("2018-03-01") == parse_iso("2018-03-01T01:00:00+01:00") == 1_519_862_400_000
    with pytest.raises(ValueError, match="Invalid isoformat"):
        parse_iso("soon")


@given(st.integers(min_value=-(10**13), max_value=10**14), st.integers(min_value=1, max_value=10**9))
def test_a_boundary_is_the_first_at_or_after(at: int, step: int) -> None:
    boundary = next_boundary(at, step)
    assert boundary % step == 0
    assert at <= boundary < at + step
