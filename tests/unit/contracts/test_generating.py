"""The generator: what it refuses and in which words, what --check sees, and that the next release reads the last."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from revloop.contracts import codec
from revloop.contracts.generate.model import BadSchema
from revloop.contracts.generate.schema import load
from revloop.contracts.generate.topics import load_topics
from revloop.contracts.generated.events import SignalChange
from tests.avro import EXAMPLES, ROOT, SCHEMAS, Json, edited, example, field, present

TICK = "raw/tick.v1"


def _nest(document: Json) -> None:
    document["fields"].append({"name": "child", "type": ["null", "Tick"], "doc": "Itself."})


def _append(kind: Json, name: str = "more") -> Callable[[Json], None]:
    return lambda document: document["fields"].append({"name": name, "type": kind, "doc": "More."})


def _drop(key: str) -> Callable[[Json], None]:
    return lambda document: document.pop(key)


def _renamed(document: Json) -> None:
    document["fields"][0]["name"] = "id"


def _retyped_envelope(document: Json) -> None:
    field(document, "occurred_at")["type"] = "long"


EMPTY_RECORD = {"type": "record", "name": "Nothing", "doc": "Nothing.", "fields": []}
BAD_SCHEMAS: dict[str, tuple[Callable[[Json], None], str]] = {
    "contains itself": (_nest, "contains itself"),
    "an unknown type": (_append("revloop.shared.v1.Nowhere"), "defined nowhere"),
    "a float": (_append("float"), "float is defined nowhere"),
    "a fixed": (_append({"type": "fixed", "name": "F", "size": 4}), "no type this project uses"),
    "a date": (_append({"type": "int", "logicalType": "date"}), "no type this project uses"),
    "a union of three": (_append(["null", "long", "string"]), "a union is"),
    "null last": (_append(["string", "null"]), "a union is"),
    "an array of nulls": (_append({"type": "array", "items": "null"}), "take no bytes"),
    "an array of nothing": (_append({"type": "array", "items": EMPTY_RECORD}), "take no bytes"),
    "a keyword": (_append("string", "class"), "no Python word"),
    "no words": (_drop("doc"), "has no doc"),
    "an alias": (lambda d: d.__setitem__("aliases", ["Tock"]), "a new .vN file"),
    "an order": (lambda d: d["fields"][0].__setitem__("order", "ignore"), "at most a default"),
    "another namespace": (lambda d: d.__setitem__("namespace", "revloop.raw.v2"), "namespace of its path"),
    "a name twice": (lambda d: d.__setitem__("name", "Delivery"), "is defined in"),
    "no envelope": (_renamed, "begin it with event_id"),
    "an envelope of its own": (_retyped_envelope, "begin it with event_id"),
    "a class twice": (
        _append({"type": "record", "name": "Severity", "doc": "Not the shared one.", "fields": []}),
        "would both become class Severity",
    ),
}


@pytest.mark.parametrize("name", BAD_SCHEMAS)
def test_a_schema_that_cannot_be_generated_from_is_refused(name: str, tmp_path: Path) -> None:
    edit, words = BAD_SCHEMAS[name]
    with pytest.raises(BadSchema, match=words.replace(".", r"\.")):
        edited(tmp_path, TICK, edit)


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "tick.v1.avsc").write_text('{"type": ')
    with pytest.raises(BadSchema, match=r"tick\.v1\.avsc"):
        load(tmp_path)
    with pytest.raises(BadSchema, match=r"no \.avsc"):
        load(tmp_path / "raw")


def test_a_second_version_stands_beside_the_first(tmp_path: Path) -> None:
    target = tmp_path / "avro"
    shutil.copytree(SCHEMAS / "avro", target)
    document = json.loads((target / "raw" / "tick.v1.avsc").read_text())
    document["namespace"] = "revloop.raw.v2"
    (target / "raw" / "tick.v2.avsc").write_text(json.dumps(document))
    classes = {record.schema: record.class_name for record in load(target).roots}
    assert classes["raw/tick.v1"] == "Tick"
    assert classes["raw/tick.v2"] == "TickV2"


BAD_TOPICS: dict[str, tuple[str, str, str]] = {
    "an unknown event": ("[raw/disposition.v1]", "[raw/dispositions.v1]", "raw/dispositions.v1 is used but"),
    "an event nowhere": ("events: [raw/unresolved.v1]", "events: [raw/tick.v1]", "raw/unresolved.v1 is on no topic"),
    "a state nowhere": ("states: [state/decision_memory.v1]", "states: []", "decision_memory.v1 is on no topic"),
    "a key that is no field": ("key: snapshot_id", "key: snapshot", "no string field of raw/unresolved.v1"),
    "a key that is no text": ("key: snapshot_id", "key: item", "no string field of raw/unresolved.v1"),
    "two producers": ("producers: [world_model]", "producers: [world_model, console]", "2 producers"),
    "a topic twice": ("name: commands\n", "name: decisions\n", "decisions is listed twice"),
    "kept and compacted": ("    retention_days: 7\n", "", "retention_days goes with"),
    "another clean-up": ("cleanup: compact", "cleanup: shred", "Invalid enum value 'shred'"),
    "an unknown word": ("partitions: 12", "replicas: 3\npartitions: 12", "unknown field `replicas`"),
    "no partitions": ("partitions: 12", "partitions: 0", "choose 1 to 1024"),
    "a name with a blank": ("name: account.states", "name: account states", "no name for a topic"),
    "two tables": ("service: perception, table", "service: ingest, table", "ingest has two tables"),
    "no YAML": ("partitions: 12", "partitions: [12", "expected"),
}


@pytest.mark.parametrize("name", BAD_TOPICS)
def test_a_table_of_contents_that_does_not_hold_is_refused(name: str, tmp_path: Path) -> None:
    old, new, words = BAD_TOPICS[name]
    text = (SCHEMAS / "topics.yaml").read_text()
    assert old in text
    path = tmp_path / "topics.yaml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(BadSchema) as refusal:
        load_topics(path, present())
    assert words in str(refusal.value)


class Copy:
    """The contracts in a folder of their own, so that a test may change schemas and generate again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "revloop" / "contracts", folder / "revloop" / "contracts")
        (folder / "revloop" / "__init__.py").touch()
        for part in ("avro", "released", "json"):
            shutil.copytree(SCHEMAS / part, folder / "schemas" / part)
        shutil.copy(SCHEMAS / "topics.yaml", folder / "schemas" / "topics.yaml")
        shutil.copytree(ROOT / "docs" / "generated", folder / "docs" / "generated")

    def python(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run Python there."""
        return subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, capture_output=True, text=True, check=False
        )

    def edit(self, schema: str, edit: Callable[[Json], None]) -> None:
        """Change one schema."""
        path = self.folder / "schemas" / "avro" / f"{schema}.avsc"
        document = json.loads(path.read_text())
        edit(document)
        path.write_text(json.dumps(document))


def _novelty(document: Json) -> None:
    document["fields"].append({"name": "novelty", "type": "double", "default": 0.5, "doc": "How new."})


DECODE = """
import sys
from revloop.contracts import codec
event = codec.decode(bytes.fromhex(sys.argv[1]))
print(type(event).__name__, event.novelty, event.event_id, codec.decode(codec.encode(event)) == event)
"""


def test_the_next_release_reads_what_this_one_wrote(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    assert copy.python("-m", "revloop.contracts.generate", "--check").returncode == 0
    assert copy.python("-m", "revloop.contracts.generate", "--release", "99.0.0").returncode == 0
    copy.edit("signals/signal_change.v1", _novelty)
    stale = copy.python("-m", "revloop.contracts.generate", "--check")
    assert stale.returncode == 1
    assert "stale: revloop/contracts/generated/codec.py" in stale.stderr
    assert "docs/generated/events.md" in stale.stderr
    assert stale.stderr.rstrip().endswith("run make gen")
    assert copy.python("-m", "revloop.contracts.generate").returncode == 0
    signal = example(EXAMPLES / "signals" / "signal_change.v1" / "close_date_slipped.json")
    assert isinstance(signal, SignalChange)
    done = copy.python("-c", DECODE, codec.encode(signal).hex())
    assert done.stdout.split() == ["SignalChange", "0.5", signal.event_id, "True"], done.stderr


def test_a_released_set_is_never_overwritten(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    copy.python("-m", "revloop.contracts.generate", "--release", "99.0.0")
    again = copy.python("-m", "revloop.contracts.generate", "--release", "99.0.0")
    assert again.returncode == 2
    assert "never changes" in again.stderr
    assert copy.python("-m", "revloop.contracts.generate", "--release", "next").returncode == 2


def test_a_bad_schema_ends_the_generator_with_its_name(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    copy.edit("signals/signal_change.v1", lambda document: document.pop("doc"))
    done = copy.python("-m", "revloop.contracts.generate")
    assert done.returncode == 2
    assert "signal_change.v1.avsc" in done.stderr
    assert "Traceback" not in done.stderr
