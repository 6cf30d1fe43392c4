"""The reference pages say what the code says: every setting, every detector, and a page that does not is found."""

import sys
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field
from pydantic.fields import FieldInfo

from revloop.cli.reference.__main__ import main
from revloop.cli.reference.fields import Undescribed, described, type_of, yaml_default
from revloop.cli.reference.named import folds_of, functions_of, lifetimes_of, settings_of, severities_of
from revloop.cli.reference.pages import pages, stale
from revloop.cli.reference.signals import about
from revloop.contracts.times import DAY_MS
from revloop.tenants.profile import (
    Clock,
    ConnectorProfile,
    Days,
    Model,
    Name,
    ObjectProfile,
    Profile,
    SignalSettings,
    VendorPath,
)
from services.perception.core.detector import AccountDetector, EventDetector, Facet, View
from tests.architecture.tree import ROOT
from tests.unit.perception.desk import DETECTORS, PROFILE, Desk, by_day, told

MODELS = (Profile, ConnectorProfile, ObjectProfile, SignalSettings)
SETTINGS = [(model, name) for model in MODELS for name in model.model_fields]
PAGES = pages()
PROFILES, SIGNALS = (PAGES[Path(f"docs/generated/{name}.md")] for name in ("profiles", "signals"))


def cells(page: str, first: str) -> list[list[str]]:
    """Rows of ``page`` whose first cell holds ``first``."""
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("|")]
    return [row for row in rows if first in row[0]]


def test_the_committed_pages_are_those_of_the_code() -> None:
    assert stale(ROOT, PAGES) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_stale_page_is_found_and_written(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in PAGES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / path).write_text(PAGES[path].replace("|", "!", 1))
    assert stale(tmp_path, PAGES) == [path]
    monkeypatch.setattr(sys, "argv", ["reference", "--check"])
    assert main(tmp_path) == 1
    assert f"stale: {path}: run make gen" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["reference"])
    assert main(tmp_path) == 0
    assert stale(tmp_path, PAGES) == []


def test_a_page_that_is_not_there_is_stale(tmp_path: Path) -> None:
    assert stale(tmp_path, PAGES) == list(PAGES)


@pytest.mark.parametrize(("model", "name"), SETTINGS, ids=lambda value: getattr(value, "__name__", value))
def test_every_setting_of_a_tenant_is_described(model: type[Model], name: str) -> None:
    field = model.model_fields[name]
    assert field.description, "say what it does, and in which unit"
    [row] = [row for row in cells(PROFILES, f"`{name}`") if field.description in row]
    assert row[2] == yaml_default(field)


def test_a_setting_without_a_description_is_refused() -> None:
    with pytest.raises(Undescribed, match="'colour' says nothing"):
        described("colour", FieldInfo(annotation=str, default=""))


def test_a_type_without_words_is_refused() -> None:
    with pytest.raises(TypeError, match="there are no words for the type <class 'bytes'>"):
        type_of(FieldInfo(annotation=bytes))


@pytest.mark.parametrize(
    ("annotation", "default", "words", "written"),
    [
        (Annotated[int, Field(ge=1, le=5)], 3, "whole number (at least 1, at most 5)", "`3`"),
        (Days, 30, "whole number (at least 1, at most 3650)", "`30`"),
        (bool, False, "`true` or `false`", "`false`"),
        (Clock, Clock.WALL, "one of `wall`, `file`", "`wall`"),
        (tuple[str, ...], ("1", "2"), "list of texts", '`["1", "2"]`'),
        (tuple[int, int], (1, 15), "list of two whole numbers", "`[1, 15]`"),
        (VendorPath, "", "path", ""),
        (dict[Name, VendorPath | None], {}, "map of texts to paths or `null`", ""),
        (dict[str, ObjectProfile], {}, "map of texts to ObjectProfiles", ""),
        (Clock | None, None, "one of `wall`, `file` or `null`", ""),
    ],
)
def test_types_and_defaults_are_said_as_a_profile_is_written(
    annotation: object, default: object, words: str, written: str
) -> None:
    field = FieldInfo.from_annotated_attribute(annotation, default)  # type: ignore[arg-type]  # a type of any form
    assert (type_of(field), yaml_default(field)) == (words, written)


def test_a_setting_without_a_default_is_required() -> None:
    assert yaml_default(Profile.model_fields["tenant"]) == "required"


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda one: f"{one.signal_type}-{type(one).__name__}")
def test_every_detector_has_a_row_that_is_full(detector) -> None:
    [row] = [row for row in cells(SIGNALS, f"[`{detector.signal_type}`](") if row[1] == about(detector)]
    signal, about_, kind, when, _, looks_at, severity, lifetime, _ = row
    assert all((signal, about_, kind, when, looks_at, severity, lifetime))
    assert when.endswith(".")
    decides, *_ = functions_of(detector)
    assert (decides.__doc__ or "").startswith(("Value: ", "No value")), "say what its number is"
    examples = cells(SIGNALS, f"`{detector.signal_type}`")
    assert any(found[1] == "; ".join(name for name, *_ in detector.fires) for found in examples)
    assert any(found[2] == "; ".join(name for name, *_ in detector.silent) for found in examples)


def test_there_is_no_row_of_anything_else() -> None:
    assert len(cells(SIGNALS, "](../../services/perception/core/detectors/")) == len(DETECTORS)


@pytest.mark.parametrize("name", SignalSettings.model_fields)
def test_every_threshold_decides_about_a_signal(name: str) -> None:
    assert [one.signal_type for one in DETECTORS if name in settings_of(one)]


@pytest.mark.parametrize("facet", Facet)
def test_every_facet_is_taken_in_by_a_file(facet: Facet) -> None:
    assert folds_of([facet])


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda one: f"{one.signal_type}-{type(one).__name__}")
def test_examples_are_of_severities_and_lifetimes_that_are_named(detector) -> None:
    for found_severity, days in _found(detector):
        assert found_severity in severities_of(detector)
        named = [SignalSettings.model_fields[name].default for name in lifetimes_of(detector)]
        assert days is None or named == [days]


def _found(detector):
    """(severity, days until it lapses or None) of what the examples that fire find."""
    for _, *example in detector.fires:
        if isinstance(detector, AccountDetector):
            records, day = example
            desk = Desk(detectors=[detector])
            for event in by_day(told(records), day):
                desk.take(event)
            for said in desk.said:
                yield (
                    said.severity,
                    None if said.valid_until is None else (said.valid_until - said.observed_at) // DAY_MS,
                )
            continue
        before, after, as_of = example
        view = View(PROFILE, next(iter(detector.entity_types)), as_of, {}, ())
        if isinstance(detector, EventDetector):
            happened = detector.detect(before or {}, after, view)
            yield happened.severity, happened.ttl_ms // DAY_MS
        else:
            yield from ((held.severity, None) for held in detector.condition(after, view, as_of).holds)
