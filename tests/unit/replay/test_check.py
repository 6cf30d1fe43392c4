"""A check tells equal from different, asks for a reason where nothing measures, and holds the shipped counts."""

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from revloop.cli.main import app
from revloop.replay.check import BadMap, Check, Verdict, delivery_folders, load_expected, load_map
from revloop.tenants import Registry
from tests.loops import NYC, PROFILES, ROOT

POLICIES = ROOT / "policies"
MAP = """
settings: {nyc: {close_date_slipped_min_days: 1}}
counts:
  nyc.rows: {measure: {of: records, entity: opportunity}}
  nyc.table: {take: fired, measure: {of: changes, signal: CLOSE_DATE_SLIPPED, change: [happened]}}
  nyc.rate: {why_not: "a rate"}
  nyc.polls: {measure: {of: deliveries}}
  nyc.by: {measure: {of: deliveries, by_connector: true}}
  other.rows: {measure: {of: deliveries}}
rows:
  slips:
    {tenant: nyc, file: t.csv.gz, signal: S, ours: {of: changes, signal: CLOSE_DATE_SLIPPED, change: [happened]}}
"""


def expected(folder: Path, **values: object) -> Path:
    path = folder / "expected.json"
    counts = [{"id": name.replace("_", "."), "rule": "r", "value": value} for name, value in values.items()]
    path.write_text(json.dumps({"expected": counts}))
    return path


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Check:
    folder = tmp_path_factory.mktemp("map")
    (folder / "map.yaml").write_text(MAP)
    check = Check(load_map(folder / "map.yaml"), Registry.load(PROFILES), POLICIES)
    check.run([NYC])
    return check


def test_each_count_has_a_verdict(checked: Check, tmp_path: Path) -> None:
    path = expected(
        tmp_path,
        nyc_rows=1051, nyc_table={"n": 1, "fired": 307}, nyc_rate=0.5, nyc_polls=12, nyc_by={"salesforce": 12},
        other_rows=1, nyc_new=1,
    )  # fmt: skip
    found = {line.id: (line.verdict, line.ours) for line in checked.lines(load_expected(path), tmp_path)}
    assert found == {
        "nyc.rows": (Verdict.EQUAL, 1051),
        "nyc.table": (Verdict.DIFFERS, 308),
        "nyc.rate": (Verdict.NOT_OURS, None),
        "nyc.polls": (Verdict.EQUAL, 12),
        "nyc.by": (Verdict.EQUAL, {"salesforce": 12}),
        "other.rows": (Verdict.NOT_RUN, None),
        "nyc.new": (Verdict.UNMAPPED, None),
        "slips": (Verdict.NOT_RUN, None),
    }


def test_rows_that_are_missing_or_extra_are_shown(checked: Check, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "t.csv.gz", "wt") as file:
        file.write(
            "account,signal,entity,fired_at,value\nNobody,S,1,2014-05-01T00:00:00Z,1\n,S,2,2014-05-01T00:00:00Z,1\n"
        )
    (line,) = checked.lines([], tmp_path)
    assert line.verdict is Verdict.DIFFERS
    assert "1 missing: ('Nobody', '1', '2014-05-01T00:00:00Z')" in line.note
    assert "308 extra: " in line.note


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("counts: {a: {measure: {of: guess}}}", "guess"),
        ("counts: {a: {mesure: {}}}", "mesure"),
        ("settings: [", "map.yaml"),
    ],
)
def test_a_map_that_cannot_be_read_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "map.yaml").write_text(text)
    with pytest.raises(BadMap, match=said):
        load_map(tmp_path / "map.yaml")


def test_a_setting_nobody_knows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text("settings: {nyc: {patience: 1}}")
    with pytest.raises(BadMap, match=r"settings.nyc: [\s\S]*patience"):
        Check(load_map(tmp_path / "map.yaml"), Registry.load(PROFILES), POLICIES)


def test_a_folder_without_deliveries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadMap, match="holds no deliveries"):
        delivery_folders(tmp_path)
    assert delivery_folders(NYC) == [NYC]
    assert NYC in delivery_folders(NYC.parent)


def test_the_map_says_something_of_every_expected_count_and_of_no_other() -> None:
    ids = {one.id for one in load_expected(NYC / "expected.json")}
    mapped = {name for name in load_map(ROOT / "examples" / "expected.yaml").counts if name.startswith("nyc.")}
    assert ids == mapped
    for name, entry in load_map(ROOT / "examples" / "expected.yaml").counts.items():
        assert (entry.measure is None) == bool(entry.why_not), name


def test_the_shipped_counts_hold_and_the_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    arguments = ["check", "examples/nyc", "--expected", "examples/nyc/expected.json", "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert {line["verdict"] for line in found["counts"]} == {"equal", "not ours", "not run"}
    assert all(row["adds_up"] for row in found["law_4"])


def test_the_command_fails_where_a_count_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    path = expected(tmp_path, nyc_rows=1)
    result = CliRunner().invoke(app, ["check", "examples/nyc", "--expected", str(path)])
    assert result.exit_code == 1
    assert "1 of " in result.stderr
    assert "nyc.rows" in result.stderr
