"""Our schemas at a registry: registered once, framed by its ids, read back by whoever knows only the id."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import httpx
import pytest

from revloop.contracts.codec import Codec
from revloop.contracts.failures import Retry, UnknownSchema
from revloop.contracts.generated.schemas import SCHEMAS
from revloop.kafka.registry import Registry, RegistryFailed, reading_codec, registry_codec, subjects
from tests.avro import examples
from tests.loops import ROOT

Start = Callable[..., str]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a stand-in with flags; gives its address."""
    running: list[subprocess.Popen[str]] = []

    def start(*flags: str) -> str:
        command = [sys.executable, "-m", "standins.schema_registry", *flags]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        return str(json.loads(process.stdout.readline())["base_url"])

    yield start
    for process in running:
        process.terminate()
        process.communicate(timeout=20)


def test_every_event_travels_by_the_registrys_id(start: Start) -> None:
    url = start()
    codec = registry_codec(url)
    topics = {name for _, name in subjects()}
    for event in examples():
        if event.SCHEMA not in topics:
            continue  # a state: it is in no topic but its changelog
        data = codec.encode(event)
        assert data[0] == 0
        assert codec.decode(data) == event
        assert Codec().decode(Codec().encode(event)) == event
    assert set(httpx.get(f"{url}/subjects").json()) == {subject for subject, _ in subjects()}


def test_registering_again_gives_the_same_ids(start: Start) -> None:
    url = start()
    one, two = registry_codec(url), registry_codec(url)
    event = next(event for event in examples() if event.SCHEMA == "raw/tick.v1")
    assert one.encode(event) == two.encode(event)


def test_single_object_encoding_is_read_all_the_same(start: Start) -> None:
    event = next(event for event in examples() if event.SCHEMA == "raw/tick.v1")
    assert registry_codec(start()).decode(Codec().encode(event)) == event


def test_an_id_the_registry_does_not_know_is_an_unknown_schema(start: Start) -> None:
    with pytest.raises(UnknownSchema):
        registry_codec(start()).decode(b"\x00\x00\x00\x27\x0fbody")


def test_what_was_framed_is_read_without_registering_anything(start: Start) -> None:
    url = start()
    event = next(event for event in examples() if event.SCHEMA == "dead/dead_letter.v1")
    framed = registry_codec(url).encode(event)
    known = httpx.get(f"{url}/subjects").json()
    for name in ("SCHEMA_REGISTRY_URL", "REVLOOP_SCHEMA_REGISTRY_URL"):
        assert reading_codec({name: url}).decode(framed) == event
    assert reading_codec({}).decode(Codec().encode(event)) == event
    assert httpx.get(f"{url}/subjects").json() == known
    with pytest.raises(UnknownSchema, match="SCHEMA_REGISTRY_URL"):
        reading_codec({}).decode(framed)


def test_a_password_is_asked_for_and_brought(start: Start) -> None:
    url = start("--user", "me:secret")
    with pytest.raises(RegistryFailed, match="401"):
        Registry(url).register("a", SCHEMAS["raw/tick.v1"])
    assert Registry(url, "me:secret").register("a", SCHEMAS["raw/tick.v1"]) == 1


def test_a_refused_schema_names_its_subject(start: Start) -> None:
    subject = next(subject for subject, name in subjects() if name == "raw/tick.v1")
    with pytest.raises(RegistryFailed, match=f"refused {subject}: 409"):
        registry_codec(start("--refuse", subject))


def test_a_registry_that_is_away_is_waited_for() -> None:
    with pytest.raises(Retry, match="does not answer"):
        registry_codec("http://127.0.0.1:9")


def test_an_answer_that_is_none_is_a_failure(start: Start) -> None:
    url = start()
    with pytest.raises(RegistryFailed, match="refused a/b"):
        Registry(url).register("a/b", SCHEMAS["raw/tick.v1"])
