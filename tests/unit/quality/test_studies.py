"""Studies and outcomes as files: what is read, and what is refused."""

import gzip
from pathlib import Path

import pytest

from revloop.contracts.times import iso
from revloop.quality import Study, examine, load_studies, page, read_outcomes
from revloop.quality.study import BadStudy
from revloop.quality.watch import watch
from revloop.simulate.run import simulate
from revloop.tenants import Registry
from tests.loops import PROFILES, ROOT

HEAD = "account,outcome,entity,as_of,known_at,value\n"


def written(path: Path, *rows: str) -> Path:
    path.write_bytes(gzip.compress((HEAD + "".join(f"{row}\n" for row in rows)).encode()))
    return path


def test_the_studies_that_ship_can_be_read() -> None:
    studies = load_studies(ROOT / "examples" / "quality.yaml")
    assert {one.tenant for one in studies} == {"retail", "ou", "itsm", "ep", "raven"}
    assert [one.tenant for one in studies if one.null_control] == ["raven"]


def test_a_study_with_an_unknown_field_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("- {tenant: t, asks: x, outcome: O, rule: R, horizon_days: 1, weight: 3}\n")
    with pytest.raises(BadStudy, match="weight"):
        load_studies(tmp_path / "s.yaml")


def test_outcomes_that_cannot_be_read_are_refused_by_name(tmp_path: Path) -> None:
    file = written(tmp_path / "o.csv.gz", "a,CHURN,,,2024-01-01T00:00:00Z,1")
    assert [one.account for one in read_outcomes(file, "CHURN")] == ["a"]
    with pytest.raises(BadStudy, match="no outcome 'LATE'"):
        read_outcomes(file, "LATE")
    with pytest.raises(BadStudy, match=r"missing\.csv\.gz"):
        read_outcomes(tmp_path / "missing.csv.gz", "CHURN")
    with pytest.raises(BadStudy, match=r"bad\.csv\.gz"):
        read_outcomes(written(tmp_path / "bad.csv.gz", "a,CHURN,,,yesterday,1"), "CHURN")


def test_scores_of_a_moment_do_not_know_what_comes_after_it(tmp_path: Path) -> None:
    simulate(seed=5, accounts=6, months=3, out=tmp_path / "sim")
    registry = Registry.load(PROFILES)
    whole = watch([tmp_path / "sim"], registry, "sim", ROOT / "policies")
    length = whole.last - whole.first
    for part in (0.4, 0.8):
        moment = whole.first + int(length * part) // 86_400_000 * 86_400_000
        cut = watch([tmp_path / "sim"], registry, "sim", ROOT / "policies", until=iso(moment))
        assert whole.lines(moment), "nothing was known"
        assert cut.lines(moment) == whole.lines(moment)


def test_a_study_of_a_made_up_company_gives_a_page(tmp_path: Path) -> None:
    simulate(seed=5, accounts=12, months=4, out=tmp_path / "sim")
    seen = watch([tmp_path / "sim"], Registry.load(PROFILES), "sim", ROOT / "policies")
    lost = sorted(seen.accounts)[::3]
    moment = iso(seen.first + (seen.last - seen.first) // 86_400_000 // 2 * 86_400_000)
    rows = [f"{name},LOST,,,{moment},1" for name in lost]
    study = Study(
        tenant="sim", asks="who is lost", outcome="LOST", rule="USAGE_DROP_PERCENT", horizon_days=30, every_days=7,
        once=True,
    )  # fmt: skip
    result = examine(study, seen, read_outcomes(written(tmp_path / "o.csv.gz", *rows), "LOST"))
    assert result.positives > 0
    assert result.rankings[0].flagged >= result.rankings[2].flagged
    assert page([result]) == page([result])
    assert "## sim: who is lost" in page([result])


def test_a_study_that_nobody_answers_is_refused(tmp_path: Path) -> None:
    simulate(seed=5, accounts=5, months=3, out=tmp_path / "sim")
    seen = watch([tmp_path / "sim"], Registry.load(PROFILES), "sim", ROOT / "policies")
    outcomes = read_outcomes(written(tmp_path / "o.csv.gz", "nobody,LOST,,,2030-01-01T00:00:00Z,1"), "LOST")
    study = Study(tenant="sim", asks="x", outcome="LOST", rule="R", horizon_days=30, every_days=7)
    with pytest.raises(BadStudy, match="none has the outcome LOST"):
        examine(study, seen, outcomes)
