"""A profile says what it means or is refused with its file, the place and the fault."""

from pathlib import Path

import pytest

from revloop.contracts.times import DAY_MS, HOUR_MS
from revloop.integrations import load_normalisers
from revloop.tenants import BadProfile, Profile, Registry, UnknownTenant
from revloop.tenants.registry import load_profile
from tests.architecture.tree import ROOT

EXAMPLES = ROOT / "examples" / "tenants"
CRM = "tenant: t\nconnectors: {salesforce: {objects: {Opportunity: {entity_type: opportunity, fields: {%s}}}}}"


def written(folder: Path, text: str, name: str = "t.yaml") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no profile"),
        ("- a", "holds no profile"),
        ("tenant: [", "cannot be read as YAML"),
        ("tenant: t\ntenant: u", "'tenant' is written twice"),
        ("tenant: t\nsignals: {action_ttl_days: 1, action_ttl_days: 2}", "'action_ttl_days' is written twice"),
        ("title: T", "tenant: Field required"),
        ("tenant: ''", "tenant: String should have at least 1"),
        ("tenant: 7", "tenant: Input should be a valid string"),
        ("tenant: t\ncolour: red", "colour: there is no such setting"),
        ("tenant: t\nsignals: {close_date_slipped_min_day: 1}", "signals.close_date_slipped_min_day: there is no such"),
        ("tenant: t\nsignals: {close_date_slipped_min_days: '7'}", "min_days: Input should be a valid integer"),
        ("tenant: t\nsignals: {close_date_slipped_min_days: 0}", "min_days: Input should be greater"),
        ("tenant: t\nsignals: {close_date_slipped_min_days: true}", "min_days: Input should be a valid integer"),
        ("tenant: t\nsignals: {amount_changed_min_share: 5}", "min_share: Input should be less"),
        ("tenant: t\nsignals: {support_sev2_aging_hours: [24, 48]}", "support_sev2_aging_hours"),
        ("tenant: t\nsignals: {support_sev2_aging_hours: [24, 12, 72]}", "the three steps must rise"),
        ("tenant: t\nsignals: {latest_plausible_date: 2040-13-01}", "month must be in 1..12"),
        ("tenant: t\nsignals: {latest_plausible_date: 20401231}", "latest_plausible_date"),
        ("tenant: t\nclock: sundial", "clock: Input should be 'wall' or 'file'"),
        ("tenant: t\ntick: 5m", "tick: Input should be '1h' or '1d'"),
        ("tenant: t\nmode: AUTO", "mode: Input should be"),
        ("tenant: t\nstages: [A, B, A]", "stages: Value error, a name is there twice"),
        ("tenant: t\napproval_ttl_hours: 0", "approval_ttl_hours: Input should be greater"),
        (CRM % "stage: a | B", "connectors.salesforce.objects.Opportunity.fields.stage: String should match"),
        (CRM % "stage: a..b", "fields.stage: String should match"),
        (CRM % "stage: 5", "fields.stage: Input should be a valid string"),
    ],
)
def test_a_bad_profile_is_refused_by_file_place_and_fault(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadProfile) as refused:
        load_profile(path)
    assert str(refused.value).startswith(str(path))
    assert said in str(refused.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_bytes(b"tenant: \xff")
    with pytest.raises(BadProfile, match="cannot be read"):
        load_profile(path)
    with pytest.raises(BadProfile, match="cannot be read"):
        load_profile(tmp_path / "none.yaml")


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadProfile, match=r"clock: .*; colour: ") as refused:
        load_profile(written(tmp_path, "tenant: t\nclock: x\ncolour: red"))
    assert "colour" in str(refused.value)


def test_a_day_without_quotes_is_a_day(tmp_path: Path) -> None:
    profile = load_profile(written(tmp_path, "tenant: t\nsignals: {latest_plausible_date: 2030-12-31}"))
    assert profile.signals.latest_plausible_date == "2030-12-31"


def test_the_defaults_are_those_of_the_catalogue(tmp_path: Path) -> None:
    signals = load_profile(written(tmp_path, "tenant: t")).signals
    assert (signals.close_date_slipped_min_days, signals.close_date_slipped_ttl_days) == (1, 30)
    assert (signals.close_date_pulled_in_min_days, signals.close_date_pulled_in_ttl_days) == (7, 14)
    assert (signals.amount_changed_min_share, signals.amount_changed_ttl_days) == (0.05, 30)
    assert (signals.stage_changed_ttl_days, signals.stage_regressed_ttl_days) == (14, 30)
    assert signals.support_sev2_aging_hours == (24, 48, 72)
    assert signals.severe_priorities == ("1", "2")


def test_times_are_given_in_the_units_of_events() -> None:
    profile = Profile.model_validate({"tenant": "t", "clock": "file", "tick": "1h", "approval_ttl_hours": 2})
    assert (profile.clock_id, profile.tick_ms, profile.approval_ttl_ms) == ("file:t", HOUR_MS, 2 * HOUR_MS)
    assert (profile.debounce_ms, profile.cooldown_ms) == (60_000, 300_000)
    wall = Profile(tenant="t")
    assert (wall.clock_id, wall.tick_ms) == ("wall", DAY_MS)


def test_the_version_follows_the_content_and_nothing_else(tmp_path: Path) -> None:
    plain = load_profile(written(tmp_path, "tenant: t\ncurrency: EUR"))
    same = load_profile(written(tmp_path, "# a word\ncurrency: EUR\ntenant: t\nclock: wall"))
    other = load_profile(written(tmp_path, "tenant: t\ncurrency: CHF"))
    assert plain.version == same.version != other.version
    assert len(plain.version) == 16


def test_stages_have_places_and_objects_have_fields() -> None:
    nyc = load_profile(EXAMPLES / "nyc.yaml")
    assert nyc.stage_order["Scoping/Planning"] < nyc.stage_order["Close-Out"]
    assert nyc.vendor_fields("salesforce", "Opportunity")["close_date"] == "CloseDate"
    assert nyc.vendor_fields("salesforce", "Lead") == nyc.vendor_fields("fax", "x") == {}


def test_the_examples_can_be_read_by_vendors_that_exist() -> None:
    registry = Registry.load(EXAMPLES)
    assert {"itsm", "nyc"} <= set(registry.tenants())
    for tenant in registry.tenants():
        assert registry.get(tenant).connectors.keys() <= load_normalisers().keys()


def test_a_tenant_nobody_knows_is_named() -> None:
    with pytest.raises(UnknownTenant, match="'nobody'"):
        Registry([]).get("nobody")


def test_one_tenant_has_one_profile(tmp_path: Path) -> None:
    written(tmp_path, "tenant: t", "a.yaml")
    written(tmp_path, "tenant: t", "b.yaml")
    with pytest.raises(BadProfile, match="'t' has more than one profile"):
        Registry.load(tmp_path)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadProfile, match="is no folder"):
        Registry.load(tmp_path / "none")
    assert Registry.load(tmp_path).tenants() == []
