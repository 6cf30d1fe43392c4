"""A profile's review says how each object is read, and names what cannot work with its place."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from revloop.cli.main import app
from revloop.replay.review import review
from revloop.tenants.registry import load_profile
from tests.loops import PROFILES

SALESFORCE = "tenant: t\nconnectors: {salesforce: {objects: {%s}}}"


def faults(folder: Path, text: str) -> tuple[str, ...]:
    path = folder / "t.yaml"
    path.write_text(text)
    return review(load_profile(path)).faults


@pytest.mark.parametrize("path", sorted(PROFILES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_profiles_that_ship_can_work(path: Path) -> None:
    found = review(load_profile(path))
    assert found.faults == ()
    assert found.objects


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tenant: t\nconnectors: {fax: {}}", "connectors.fax: there is no such connector"),
        (SALESFORCE % "Thing__c: {account: A}", "Thing__c: say its entity_type"),
        (SALESFORCE % "Thing__c: {entity_type: event}", "Thing__c: neither account nor via"),
        (SALESFORCE % "Thing__c: {entity_type: event, via: {Lead: L}}", "Thing__c.via: nothing is published as Lead"),
        (SALESFORCE % "Lead: {entity_type: contact, account: A | upper}", "Lead: 'A | upper': no function 'upper'"),
    ],
)
def test_what_cannot_work_is_named_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    (fault,) = faults(tmp_path, text)
    assert said in fault


def test_a_link_to_another_object_of_the_connector_works(tmp_path: Path) -> None:
    assert faults(tmp_path, SALESFORCE % "Thing__c: {entity_type: event, via: {Account: A}}") == ()


def test_the_command_shows_objects_and_fails_on_faults(tmp_path: Path) -> None:
    good = CliRunner().invoke(app, ["tenant", "check", str(PROFILES / "nyc.yaml"), "--json"])
    assert good.exit_code == 0
    assert '"object": "Opportunity"' in good.stdout
    (tmp_path / "t.yaml").write_text("tenant: t\nconnectors: {fax: {}}")
    bad = CliRunner().invoke(app, ["tenant", "check", str(tmp_path / "t.yaml")])
    assert bad.exit_code == 1
    assert "there is no such connector" in bad.stderr
