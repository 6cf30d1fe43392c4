"""The outcome contract takes a good example of each of the five outcomes, and names what is wrong with a broken one."""

from pathlib import Path

import msgspec
import pytest

from revloop.contracts.generated.events import DataRequest, Decision, DecisionOutcome, Question
from services.decision.core.contract import violations
from tests.avro import example, example_files

EXAMPLES = [path for path in example_files() if path.parent.name == "decision.v1"]


def decision_in(path: Path) -> Decision:
    value = example(path)
    assert isinstance(value, Decision)
    return value


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_keeps_the_contract(path: Path) -> None:
    assert violations(decision_in(path)) == []


def test_every_outcome_has_an_example() -> None:
    assert {decision_in(path).outcome for path in EXAMPLES} == set(DecisionOutcome)


def one(outcome: DecisionOutcome) -> Decision:
    return next(found for found in map(decision_in, EXAMPLES) if found.outcome is outcome)


@pytest.mark.parametrize(("tool", "justification"), [("", "to know"), ("crm.get_commercial_window", "")])
def test_data_is_asked_of_a_tool_and_for_a_reason(tool: str, justification: str) -> None:
    request = DataRequest(tool=tool, arguments={}, justification=justification)
    broken = msgspec.structs.replace(one(DecisionOutcome.DATA_REQUEST), data_requests=(request,))
    assert any("request for data" in says for says in violations(broken))


@pytest.mark.parametrize(("text", "options"), [("", ("yes", "no")), ("Is it?", ("yes",)), ("Is it?", ("yes", "yes"))])
def test_a_question_leaves_a_choice(text: str, options: tuple[str, ...]) -> None:
    question = Question(text=text, options=options)
    broken = msgspec.structs.replace(one(DecisionOutcome.CLARIFICATION_REQUEST), question=question)
    assert any("question" in says for says in violations(broken))
