"""A brief says nothing without a record, asks three questions, and is the same for the same states."""

import json
from functools import lru_cache
from pathlib import Path

import msgspec
import pytest

from revloop.artifacts.brief import Brief, Summary, brief, last_meeting, summary, text_of
from revloop.artifacts.questions import ASKED, HOW_MANY
from revloop.contracts.generated.events import AccountState
from revloop.replay.states import recompute
from revloop.simulate.run import simulate
from revloop.tenants import Registry
from services.world_model.core.rule import Side
from services.world_model.core.rules import load_rules
from tests.loops import NYC, PROFILES, ROOT

EXAMPLES = sorted((ROOT / "examples" / "briefs").glob("*.json"))


@lru_cache
def states(tenant: str, folder: Path) -> tuple[AccountState, ...]:
    found: list[AccountState] = []
    recompute([folder], Registry.load(PROFILES), tenant, found.append, None)
    return tuple(found)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[AccountState, Brief, Summary]]:
    """Every state of the city and of a small made-up company, with the brief and the summary that follow."""
    folder = tmp_path_factory.mktemp("sim")
    simulate(seed=3, accounts=12, months=6, out=folder)
    told = []
    for tenant, source in (("nyc", NYC), ("sim", folder)):
        known: dict[str, list[AccountState]] = {}
        for state in states(tenant, source):
            known.setdefault(state.account_id, []).append(state)
            met = last_meeting(state)
            before = [one for one in known[state.account_id] if met is not None and one.observed_at <= met]
            told.append((state, brief(state, before[-1] if before else None), summary(state)))
    return told


def test_every_sentence_is_bound(made: list[tuple[AccountState, Brief, Summary]]) -> None:
    count = 0
    for state, *artifacts in made:
        entities = _entities(msgspec.to_builtins(state))
        items = {item for signal in state.signals for item in signal.evidence}
        for sentence in (s for a in artifacts for section in a.sections for s in section.sentences):
            assert sentence.records or sentence.evidence or sentence.state == state.snapshot_id, sentence
            assert sentence.state in ("", state.snapshot_id)
            assert all((one.connector, one.entity_type, one.entity_id) in entities for one in sentence.records)
            assert items.issuperset(sentence.evidence)
            count += 1
    assert count > 5_000


def _entities(value: object) -> set[tuple[str, str, str]]:
    """Every record that a state names, wherever."""
    if isinstance(value, dict):
        own = {(value["connector"], value["entity_type"], value["entity_id"])} if "entity_id" in value else set()
        return own.union(*(_entities(one) for one in value.values()))
    return set().union(*(_entities(one) for one in value)) if isinstance(value, list | tuple) else set()


def test_three_questions_are_asked_none_twice(made: list[tuple[AccountState, Brief, Summary]]) -> None:
    for _, one, _ in made:
        asked = [sentence.text for sentence in one.sections[-1].sentences]
        assert one.sections[-1].title == "Questions to ask"
        assert len(set(asked)) == len(asked) == HOW_MANY
        assert all(text.endswith("?") for text in asked)


def test_every_risk_is_told_worst_first_with_its_evidence(made: list[tuple[AccountState, Brief, Summary]]) -> None:
    told = 0
    for state, one, _ in made:
        sentences = next(section.sentences for section in one.sections if section.title == "Risks")
        if state.risks:
            assert [s.signal_ids for s in sentences] == [risk.signal_ids for risk in state.risks]
            told += sum(bool(s.evidence) for s in sentences)
    assert told > 100


def test_no_section_is_empty_and_nothing_is_left_unfilled(made: list[tuple[AccountState, Brief, Summary]]) -> None:
    for _, *artifacts in made:
        for one in artifacts:
            assert all(section.sentences for section in one.sections)
            assert "None" not in text_of(one)
            assert "{" not in text_of(one)


def test_questions_belong_to_findings_that_rules_make() -> None:
    findings = {rule.finding for rule in load_rules() if rule.side is not Side.OPPORTUNITY}
    assert set(ASKED) <= findings
    assert findings - set(ASKED) == set()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_hold(path: Path) -> None:
    example = json.loads(path.read_text())
    state = msgspec.convert(example["state"], AccountState)
    before = msgspec.convert(example["before"], AccountState | None)
    assert text_of(brief(state, before)).splitlines() == example["brief"]
    assert text_of(summary(state)).splitlines() == example["summary"]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3
