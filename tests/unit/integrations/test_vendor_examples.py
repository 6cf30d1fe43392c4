"""Every vendor folder brings examples of its bodies and of what they become; one test runs them all."""

import json
from pathlib import Path

import msgspec
import pytest

from revloop.contracts.failures import Reject
from revloop.integrations import load_normalisers
from revloop.integrations.reading import plans, read_records
from revloop.integrations.record import ObjectMapping, Record
from tests.architecture.tree import ROOT

FOLDER = ROOT / "revloop" / "integrations"
BY_FOLDER = {type(found).__module__.split(".")[-2]: found for found in load_normalisers().values()}
EXAMPLES = sorted(FOLDER.glob("*/examples/*.json"))


def name(path: Path) -> str:
    return f"{path.parents[1].name}-{path.stem}"


@pytest.mark.parametrize("path", EXAMPLES, ids=name)
def test_an_example_becomes_what_it_says(path: Path) -> None:
    example = json.loads(path.read_bytes())
    assert set(example) <= {"about", "resource", "objects", "body", "text", "expected", "refused"}
    normaliser = BY_FOLDER[path.parents[1].name]
    own = {key: msgspec.convert(value, ObjectMapping) for key, value in example.get("objects", {}).items()}
    objects = own if "objects" in example else normaliser.objects
    body = example["text"].encode() if "text" in example else json.dumps(example["body"]).encode()
    if "refused" in example:
        with pytest.raises(Reject) as refused:
            read_records(normaliser, example["resource"], body, plans(objects))
        assert refused.value.reason == example["refused"]
        return
    found = read_records(normaliser, example["resource"], body, plans(objects))
    assert [_plain(item) for item in found] == example["expected"]
    assert [_types(item) for item in found] == [_types_of(wanted) for wanted in example["expected"]]


@pytest.mark.parametrize("vendor", sorted(BY_FOLDER))
def test_every_vendor_shows_what_it_reads_and_what_it_refuses(vendor: str) -> None:
    examples = [json.loads(path.read_bytes()) for path in EXAMPLES if path.parents[1].name == vendor]
    assert any(example.get("expected") for example in examples)
    assert any("refused" in example for example in examples)


def _plain(item: Record | Reject) -> object:
    """A record as an example writes it: what says nothing is left out."""
    if isinstance(item, Reject):
        return {"refused": item.reason}
    return {
        name: value for name, value in json.loads(msgspec.json.encode(item)).items() if value not in ([], "", False)
    }


def _types(item: Record | Reject) -> object:
    return {} if isinstance(item, Reject) else {key: type(value) for key, value in item.fields.items()}


def _types_of(wanted: dict[str, dict[str, object]]) -> object:
    return {key: type(value) for key, value in wanted.get("fields", {}).items()}
