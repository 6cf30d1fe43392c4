"""The schemas hold together: examples of each, the same bytes as fastavro, readable by the last release and from it."""

import json
from collections.abc import Callable
from pathlib import Path

import fastavro.schema
import jsonschema
import msgspec
import pytest
from fastavro.read import SchemaResolutionError

from revloop.contracts import codec
from revloop.contracts.generate.__main__ import outputs, stale
from revloop.contracts.generate.compatibility import breaks, topic_breaks
from revloop.contracts.generate.released import releases
from revloop.contracts.generate.schema import load
from revloop.contracts.generate.topics import load_topics
from revloop.contracts.generated.codec import FINGERPRINTS
from tests.avro import (
    CLASSES,
    EXAMPLES,
    ROOT,
    SCHEMAS,
    Json,
    edited,
    exact,
    example,
    example_files,
    fastavro_bytes,
    fastavro_value,
    field,
    for_fastavro,
    plain,
    present,
    root,
    schema_of,
)

EXAMPLE_FILES = pytest.mark.parametrize("path", example_files(), ids=lambda p: p.relative_to(EXAMPLES).as_posix())


def test_what_is_generated_is_committed() -> None:
    assert stale(ROOT, outputs(ROOT)) == [], "run make gen"


def test_every_event_and_state_has_an_example_and_every_example_a_schema() -> None:
    assert {schema_of(path) for path in example_files()} == CLASSES.keys()


@EXAMPLE_FILES
def test_an_example_survives_our_codec(path: Path) -> None:
    value = example(path)
    found = codec.decode(codec.encode(value))
    assert found == value
    assert exact(found) == exact(value)


@EXAMPLE_FILES
def test_an_example_has_nothing_that_its_class_has_not(path: Path) -> None:
    written = json.loads(path.read_text())
    assert json.loads(msgspec.json.encode(example(path))) == written


@EXAMPLE_FILES
def test_fastavro_writes_the_same_bytes_and_reads_ours(path: Path) -> None:
    value, schemas = example(path), present()
    schema = for_fastavro(schemas, root(schemas, schema_of(path)))
    data = codec.encode(value)[10:]
    assert data == fastavro_bytes(schema, plain(value))
    assert fastavro_value(data, schema) == plain(value)


def test_fingerprints_are_those_of_fastavro() -> None:
    schemas = present()
    for record in schemas.roots:
        canonical = fastavro.schema.to_parsing_canonical_form(schemas.closed(record))
        wanted = bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO"))
        assert FINGERPRINTS[CLASSES[record.schema]] == wanted, record.schema


# --- decisions as JSON


def decision_schema() -> Json:
    return json.loads((SCHEMAS / "json" / "decision.v1.schema.json").read_text())


DECISIONS = sorted((EXAMPLES / "decisions" / "decision.v1").glob("*.json"))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_decisions_keep_the_outcome_contract(path: Path) -> None:
    jsonschema.Draft202012Validator(decision_schema()).validate(json.loads(path.read_text()))


def test_the_decision_schema_is_a_schema_and_every_outcome_has_an_example() -> None:
    jsonschema.Draft202012Validator.check_schema(decision_schema())
    outcomes = {json.loads(path.read_text())["outcome"] for path in DECISIONS}
    assert outcomes == set(decision_schema()["$defs"]["DecisionOutcome"]["enum"])


def _set(name: str, value: Json) -> Callable[[Json], None]:
    return lambda decision: decision.__setitem__(name, value)


def _proposal(name: str, value: Json) -> Callable[[Json], None]:
    return lambda decision: decision["proposals"][0].__setitem__(name, value)


QUESTION = {"text": "Which?", "options": ["a", "b"]}
REQUEST = {"tool": "signals.list_recent", "arguments": {}, "justification": "To know."}
BROKEN: dict[str, tuple[str, Callable[[Json], None]]] = {
    "no proposals": ("proposals", _set("proposals", [])),
    "26 proposals": ("proposals", lambda d: d.__setitem__("proposals", d["proposals"] * 26)),
    "proposals and a question": ("proposals", _set("question", QUESTION)),
    "proposals and a request": ("proposals", _set("data_requests", [REQUEST])),
    "proposals and a reason": ("proposals", _set("reason", "because")),
    "an unknown field": ("proposals", _set("recipient", "ceo@customer.example")),
    "an unknown field inside": ("proposals", _proposal("risk_tier", "MINIMAL")),
    "a missing field": ("proposals", lambda d: d.pop("basis")),
    "an endless title": ("proposals", _proposal("title", "x" * 301)),
    "a confidence above one": ("proposals", _proposal("confidence", 1.01)),
    "rank zero": ("proposals", _proposal("rank", 0)),
    "a rank that is text": ("proposals", _proposal("rank", "1")),
    "no why": ("proposals", _proposal("why", [])),
    "a why without evidence": ("proposals", lambda d: d["proposals"][0]["why"][0].__setitem__("evidence", [])),
    "a nested parameter": ("proposals", _proposal("parameters", {"to": {"address": "x"}})),
    "an unknown outcome": ("proposals", _set("outcome", "SEND_IT")),
    "nothing to do without reason": ("no_action", _set("reason", "")),
    "nothing to do with proposals": ("no_action", lambda d: d.__setitem__("proposals", [{}])),
    "no data request": ("data_request", _set("data_requests", [])),
    "five data requests": ("data_request", _set("data_requests", [REQUEST] * 5)),
    "a request without justification": ("data_request", _set("data_requests", [{**REQUEST, "justification": ""}])),
    "no question": ("clarification", _set("question", None)),
    "a question with one option": ("clarification", _set("question", {"text": "Which?", "options": ["a"]})),
    "a question with equal options": ("clarification", _set("question", {"text": "Which?", "options": ["a", "a"]})),
    "nothing to approve": ("approval_request", _set("proposals", [])),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_decision_that_breaks_the_contract_is_refused(name: str) -> None:
    stem, break_it = BROKEN[name]
    decision = json.loads((EXAMPLES / "decisions" / "decision.v1" / f"{stem}.json").read_text())
    validator = jsonschema.Draft202012Validator(decision_schema())
    validator.validate(decision)
    break_it(decision)
    assert not validator.is_valid(decision)


# --- releases


def test_the_last_release_and_this_one_read_each_other() -> None:
    *_, last = releases(ROOT).values()
    released, ours = load(last / "avro"), present()
    assert breaks(released, ours) == []
    assert topic_breaks(load_topics(last / "topics.yaml", released), load_topics(SCHEMAS / "topics.yaml", ours)) == []


def _removed(document: Json) -> None:
    document["fields"].remove(field(document, "window_key"))


def _added(document: Json) -> None:
    document["fields"].append({"name": "novelty", "type": "double", "doc": "How new."})


def _retyped(document: Json) -> None:
    field(document, "window_key")["type"] = "long"


def _widened(document: Json) -> None:
    field(document, "confidence")["type"] = "long"


def _opened(document: Json) -> None:
    field(document, "detector")["type"] = ["null", "string"]


def _renamed_symbol(document: Json) -> None:
    kind = field(document, "change")["type"]
    kind["symbols"] = ["begun" if symbol == "opened" else symbol for symbol in kind["symbols"]]


BREAKING: dict[str, tuple[Callable[[Json], None], str]] = {
    "a field removed": (_removed, "signals/signal_change.v1.window_key"),
    "a field added without default": (_added, "signals/signal_change.v1.novelty"),
    "a type changed": (_retyped, "signals/signal_change.v1.window_key"),
    "a number narrowed": (_widened, "signals/signal_change.v1.confidence"),
    "a field made nullable": (_opened, "signals/signal_change.v1.detector"),
    "a symbol renamed": (_renamed_symbol, "signals/signal_change.v1.change"),
}


@pytest.mark.parametrize("name", BREAKING)
def test_a_breaking_change_is_caught_by_name(name: str, tmp_path: Path) -> None:
    edit, path = BREAKING[name]
    before, after = present(), edited(tmp_path, "signals/signal_change.v1", edit)
    found = breaks(before, after)
    assert found
    assert all(fault.startswith(path) for fault in found), found


def test_a_breaking_change_of_a_shared_part_is_caught_in_everything_that_holds_it(tmp_path: Path) -> None:
    after = edited(tmp_path, "shared/evidence.v1", lambda d: d["fields"].remove(field(d, "source")))
    named = {fault.split(".v1", 1)[0] for fault in breaks(present(), after)}
    assert {"signals/signal_change", "decisions/decision", "state/entity_memory"} <= named
    assert "raw/tick" not in named


def test_a_removed_schema_is_caught(tmp_path: Path) -> None:
    before = present()
    kept = {name: item for name, item in before.named.items() if not name.endswith(".Tick")}
    after = type(before)(named=kept, raw=before.raw)
    assert [fault.split(" ")[0] for fault in breaks(before, after)] == ["raw/tick.v1"]


def _with_default(document: Json) -> None:
    document["fields"].append({"name": "novelty", "type": "double", "default": 0.5, "doc": "How new."})


def _reworded(document: Json) -> None:
    document["doc"] = "Says the same in other words."


@pytest.mark.parametrize("edit", [_with_default, _reworded])
def test_a_harmless_change_is_let_through(edit: Callable[[Json], None], tmp_path: Path) -> None:
    assert breaks(present(), edited(tmp_path, "signals/signal_change.v1", edit)) == []


ALL_EDITS = {**{name: edit for name, (edit, _) in BREAKING.items()}, "added with default": _with_default}


@pytest.mark.parametrize("name", ALL_EDITS)
def test_fastavro_agrees_on_what_breaks(name: str, tmp_path: Path) -> None:
    """Each side writes, the other reads: a break is when one of the two ways fails."""
    before, after = present(), edited(tmp_path, "signals/signal_change.v1", ALL_EDITS[name])
    old, new = (for_fastavro(schemas, root(schemas, "signals/signal_change.v1")) for schemas in (before, after))
    value = plain(example(EXAMPLES / "signals" / "signal_change.v1" / "close_date_slipped.json"))
    value["change"] = "opened"
    readable = reads(old, new, value) and reads(new, old, {**value, **AFTERWARDS.get(name, {})})
    assert readable == (name not in BREAKING)


AFTERWARDS: dict[str, Json] = {
    "a field added without default": {"novelty": 0.5},
    "added with default": {"novelty": 0.25},
    "a type changed": {"window_key": 7},
    "a number narrowed": {"confidence": 1},
    "a field made nullable": {"detector": None},
    "a symbol renamed": {"change": "begun"},
}
"""What the new writer writes."""


def reads(writer: Json, reader: Json, value: Json) -> bool:
    """Whether fastavro reads with ``reader`` what it wrote with ``writer``."""
    data = fastavro_bytes(writer, value)
    try:
        fastavro_value(data, writer, reader)
    except SchemaResolutionError:
        return False
    return True


TOPIC_EDITS = {
    "partitions: 12 ": "partitions: 24 ",
    "key: request_id": "key: account",
    "  - name: command.results": "  - name: command.answers",
    "states: [state/decision_memory.v1]": "states: [state/decision_memory.v1, state/tenant_clock.v1]",
}


@pytest.mark.parametrize("before", TOPIC_EDITS)
def test_a_change_that_moves_records_is_caught(before: str, tmp_path: Path) -> None:
    text = (SCHEMAS / "topics.yaml").read_text()
    assert before in text
    other = tmp_path / "topics.yaml"
    other.write_text(text.replace(before, TOPIC_EDITS[before]))
    old, new = (load_topics(path, present()) for path in (SCHEMAS / "topics.yaml", other))
    assert len(topic_breaks(old, new) + topic_breaks(new, old)) >= 1
