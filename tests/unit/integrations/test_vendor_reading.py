"""Values are taken as they are or refused, never converted; vendor folders are found by being there."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import revloop.integrations
from revloop.contracts.failures import Reject
from revloop.integrations import load_normalisers, load_signatures
from revloop.integrations.record import (
    FIRST_MS,
    LAST_MS,
    MAX_ID_LENGTH,
    Json,
    Scalar,
    day,
    decode,
    epoch_ms,
    identifier,
    moment,
    number,
    scalar,
    shown,
    text,
    time_text,
)

NORMALISERS = load_normalisers()
Check = Callable[[str, Json], Scalar]


@pytest.mark.parametrize(
    ("check", "value", "wanted"),
    [
        (scalar, None, None),
        (scalar, "", ""),
        (scalar, False, False),
        (scalar, 2**63 - 1, 2**63 - 1),
        (scalar, -(2**63), -(2**63)),
        (scalar, "12", "12"),
        (text, None, None),
        (text, "12", "12"),
        (number, None, None),
        (number, 3, 3.0),
        (number, -0.5, -0.5),
        (day, None, None),
        (day, "2020-02-29", "2020-02-29"),
        (day, "0001-01-01", "0001-01-01"),
        (moment, "1970-01-01T00:00:00.001Z", 1),
        (moment, "1970-01-01T01:00:00.000+0100", 0),
        (moment, "1970-01-02", 86_400_000),
        (epoch_ms, 0, 0),
        (epoch_ms, FIRST_MS, FIRST_MS),
        (epoch_ms, LAST_MS, LAST_MS),
        (time_text, None, None),
        (time_text, "2018-03-01T01:30:00.000+0130", "2018-03-01T00:00:00Z"),
        (time_text, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        (time_text, "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        (identifier, "a|b", "a|b"),
        (identifier, 17, "17"),
        (identifier, "x" * MAX_ID_LENGTH, "x" * MAX_ID_LENGTH),
    ],
)
def test_a_sound_value_is_taken(check: Check, value: Json, wanted: Scalar) -> None:
    found = check("field", value)
    assert (found, type(found)) == (wanted, type(wanted))


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (scalar, 2**63),
        (scalar, -(2**63) - 1),
        (scalar, []),
        (scalar, {}),
        (text, 12),
        (text, True),
        (number, "3"),
        (number, True),
        (number, 10**400),
        (number, []),
        (day, "2019-02-29"),
        (day, "2018-W01-1"),
        (day, "20180101"),
        (day, "01.02.2018"),
        (day, "2018-03-01T00:00:00Z"),
        (day, ""),
        (day, 20180101),
        (moment, None),
        (moment, ""),
        (moment, 5),
        (moment, "0001-01-01T00:00:00+23:59"),
        (moment, "9999-12-31T23:59:59.999-23:59"),
        (moment, "10000-01-01"),
        (epoch_ms, FIRST_MS - 1),
        (epoch_ms, LAST_MS + 1),
        (epoch_ms, True),
        (epoch_ms, 0.0),
        (epoch_ms, "0"),
        (time_text, "noon"),
        (identifier, None),
        (identifier, ""),
        (identifier, False),
        (identifier, 1.0),
        (identifier, {"id": 1}),
        (identifier, "x" * (MAX_ID_LENGTH + 1)),
    ],
)
def test_another_value_is_refused_with_the_field(check: Check, value: Json) -> None:
    with pytest.raises(Reject, match="Field field ") as refused:
        check("field", value)
    assert len(refused.value.detail) < 250


@pytest.mark.parametrize("value", ["x" * 10**6, {"password": "x"}, ["x"], None, 5, -(10**4_000)])
def test_what_is_shown_of_a_value_is_short(value: Json) -> None:
    assert len(shown(value)) < 100
    assert "password" not in shown(value)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'"\xff"', b'"\\ud800"', b"[" * 100_000, b"NaN", b"1e999"])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(Reject) as refused:
        decode(body)
    assert refused.value.reason == "bad_json"


# --- vendor folders


@pytest.fixture
def vendors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder beside the vendors': what is put there is a vendor, too."""
    monkeypatch.setattr(revloop.integrations, "__path__", [*revloop.integrations.__path__, str(tmp_path)])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def vendor(folder: Path, name: str, connector: str | None) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text("")
    normaliser = f"class Vendor:\n    connector = {connector!r}\n\n\nNORMALISER = Vendor()\n"
    (folder / name / "normalise.py").write_text(normaliser if connector else "")


def test_a_vendor_is_a_folder(vendors: Path) -> None:
    vendor(vendors, "fax", "fax")
    assert set(load_normalisers()) == {"fax", *NORMALISERS}


@pytest.mark.parametrize("files", [(), ("signature.py",)])
def test_a_vendor_without_a_signature_is_refused(vendors: Path, files: tuple[str, ...]) -> None:
    vendor(vendors, "fax", "fax")
    for file in files:
        (vendors / "fax" / file).write_text("")
    with pytest.raises(ValueError, match="vendor folder 'fax' has no SIGNATURE"):
        load_signatures()


def test_two_vendors_of_one_name_are_refused(vendors: Path) -> None:
    vendor(vendors, "atlassian", "jira")
    with pytest.raises(ValueError, match="two vendor folders claim connector 'jira'"):
        load_normalisers()


def test_a_vendor_without_a_normaliser_is_refused(vendors: Path) -> None:
    vendor(vendors, "fax", None)
    with pytest.raises(ValueError, match="vendor folder 'fax' has no NORMALISER"):
        load_normalisers()
