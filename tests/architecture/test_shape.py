"""The same files in every service, short files, topics with two ends, pinned engines, and nothing of one machine."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from revloop.contracts.generated import topics
from revloop.contracts.generated.topics import TABLES, TOPICS
from revloop.contracts.topic import Topic
from revloop.streams.faust_private import PINNED
from tests.architecture.tree import ROOT, services, texts

LONGEST_FILE = 500
MACHINE_PATH = re.compile(r"(?<![\w./}])/(?:work|home|root|tmp|Users)/[\w.~-]+")
"""A path of somebody's machine; the text before it must not make it a part of a URL or of a longer path."""
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("maven", "org"),
        ("maven", "apache", "org"),
        ("npmjs", "org"),
        ("yarnpkg", "com"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
    )
)
"""Put together here, so that this file does not hold what it looks for."""


@pytest.mark.parametrize("folder", services(), ids=lambda folder: folder.name)
def test_every_service_has_the_same_files(folder: Path) -> None:
    wanted = ("README.md", "core/__init__.py", "app.py", "settings.py", "__init__.py", "__main__.py")
    assert [name for name in wanted if not (folder / name).is_file()] == []


def test_services_are_those_of_the_topics() -> None:
    named = {name for topic in TOPICS.values() for name in (*topic.producers, *topic.consumers)}
    assert {folder.name for folder in services()} == named


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)
def test_every_topic_has_two_ends(topic: Topic) -> None:
    known = {folder.name for folder in services()}
    assert topic.producers, "no service writes it"
    assert topic.consumers, "no service reads it"
    assert {*topic.producers, *topic.consumers} <= known


@pytest.mark.parametrize(("topic", "service"), [(topic, name) for topic in TOPICS.values() for name in topic.producers])
def test_a_named_producer_speaks_of_its_topic(topic: Topic, service: str) -> None:
    constant = f"topics.{_constant(topic.name)}"
    assert any(constant in path.read_text() for path in (ROOT / "services" / service).rglob("*.py"))


@pytest.mark.parametrize("service", sorted(TABLES))
def test_every_table_has_a_service(service: str) -> None:
    assert "topics.TABLES[SERVICE]" in (ROOT / "services" / service / "app.py").read_text()


def _constant(name: str) -> str:
    [found] = [constant for constant, value in vars(topics).items() if value == name]
    return found


@pytest.mark.parametrize("package", ["faust-streaming", "mode-streaming", "aiokafka", "confluent-kafka"])
def test_what_reaches_into_an_engine_is_pinned_to_it(package: str) -> None:
    assert version(package) == PINNED[package]
    assert f"{package}=={PINNED[package]}" in (ROOT / "requirements.lock").read_text()


def test_no_file_is_long() -> None:
    long = {
        name: lines
        for name, text in texts()
        if name.endswith(".py") and "/generated/" not in name and (lines := text.count("\n")) > LONGEST_FILE
    }
    assert not long, "split these by what they are about"


@pytest.mark.parametrize(
    "log", sorted((ROOT / "examples").glob("*/deliveries.jsonl.gz")), ids=lambda log: log.parent.name
)
def test_a_log_of_others_stands_beside_its_source_and_licence(log: Path) -> None:
    told = (log.parent / "README.md").read_text()
    assert "\nSource: " in told
    assert "\nLicence: " in told
    assert (log.parent / "LICENSE").stat().st_size > 1000, "the text of the licence"


def machine_words(text: str) -> list[str]:
    """Paths of one machine and hosts of package registries in ``text``."""
    return MACHINE_PATH.findall(text) + [host for host in REGISTRIES if host in text.lower()]


def test_no_file_speaks_of_one_machine() -> None:
    found = {name: words for name, text in texts() if (words := machine_words(text))}
    assert not found


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("home = '/" + "home/ann/revloop'", 1),
        ("see /" + "Users/ann/x.py", 1),
        ("--out /" + "tmp/x", 1),
        (f"index-url = https://{REGISTRIES[0]}/simple", 1),
        ("GET /v1/home/x and .revloop/tmp/x", 0),
        ("https://example.org/home/x", 0),
    ],
)
def test_machine_words_are_found(text: str, count: int) -> None:
    assert len(machine_words(text)) == count
