"""``revloop brief`` and ``revloop memory search`` over HTTP show the very text that they show from delivery folders."""

import threading
from collections.abc import Iterator

import pytest
import uvicorn
from typer.testing import CliRunner

from revloop.cli.home import Home
from revloop.cli.main import app
from revloop.cli.processes import wait_until
from revloop.contracts.failures import Retry
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import AccountState, Delivery, Envelope
from revloop.integrations import load_normalisers, load_texts
from revloop.memory.store import Memory
from revloop.provenance.texts import Texts
from revloop.replay.deliveries import events
from revloop.replay.pipeline import Pipeline, Stage
from revloop.replay.states import recompute
from revloop.stores.minilm import MiniLm
from revloop.stores.vectors_sqlite import SqliteVectors
from revloop.streams import Received
from revloop.tenants import Registry
from services.console.memory_feed import PATIENCE, MemoryFeed
from services.ingest.core.resolver import ResolverCore
from tests.loops import NYC, PROFILES, free_home
from tests.unit.console.desk import Console

RECOMPUTED = ("--from", str(NYC), "--tenants", str(PROFILES))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A console that took the log that ships, its memory fed as the service feeds it."""
    found = free_home(tmp_path_factory.mktemp("home"))
    folder = found.directory / "memory"
    memory = Memory(folder / "texts", MiniLm(threads=2), SqliteVectors(folder / "vectors"))
    console = Console(found.directory, tenants=("nyc", "other"), memory=memory)
    states: list[AccountState] = []
    recompute([NYC], Registry.load(PROFILES), "nyc", states.append, None)
    console.take(*states)
    feed = MemoryFeed(console.model, memory, Texts(load_normalisers(), load_texts()))
    deliveries, records = _ingested()
    with pytest.raises(Retry, match="not in the read model yet"):
        feed.handle(_batch(records))
    console.take(*deliveries)
    for _ in range(2):  # again: nothing changes
        feed.handle(_batch(records))
    assert memory.catch_up("nyc").waiting == 0
    server = uvicorn.Server(uvicorn.Config(console.app, port=found.port("console"), log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, "the console answering", 30)
    yield found
    server.should_exit = True
    thread.join()
    memory.close()


def _ingested() -> tuple[list[Delivery], list[Envelope]]:
    registry, records = Registry.load(PROFILES), []
    pipeline = Pipeline([Stage("ingest", ResolverCore(registry, load_normalisers()), (topics.RAW_DELIVERIES,))])
    pipeline.listen(topics.RAW_SNAPSHOTS, records.append)
    fed = list(events([NYC], registry, "nyc", None))
    for event in fed:
        pipeline.feed(topics.RAW_DELIVERIES, event)
    return [event for event in fed if isinstance(event, Delivery)], records


def _batch(told: list[Envelope]) -> list[Received]:
    return [Received(topics.RAW_SNAPSHOTS, 0, place, event) for place, event in enumerate(told)]


def revloop(home: Home, *words: str) -> tuple[int, str]:
    environment = {"REVLOOP_HOME": str(home.directory), "REVLOOP_PORT_BASE": str(home.port_base), "COLUMNS": "160"}
    done = CliRunner().invoke(app, words, env=environment)
    return done.exit_code, done.output


@pytest.mark.parametrize(
    "words",
    [
        ("brief", "DOE", "--at", "2017-04-01"),
        ("brief", "DEP", "--json"),
        ("memory", "search", "worn out pumps for sewage"),
        ("memory", "search", "a place for firefighters", "--account", "FDNY", "-n", "3"),
        ("memory", "search", "drinking water", "--kind", "opportunity", "--json"),
    ],
    ids=" ".join,
)
def test_both_ways_show_the_same(home: Home, words: tuple[str, ...]) -> None:
    asked, made = revloop(home, *words), revloop(home, *words, *RECOMPUTED)
    assert asked[0] == made[0] == 0, asked[1]
    assert _lines(asked[1]) == _lines(made[1])
    assert len(asked[1].splitlines()) > 3


def _lines(text: str) -> list[str]:
    """Fields of a record come in another order over the wire."""
    return sorted(line.rstrip(",") for line in text.splitlines())


def test_passages_come_with_the_record_that_says_so(home: Home) -> None:
    _, shown = revloop(home, "memory", "search", "worn out pumps for sewage", "-n", "1")
    assert "The existing Main Sewage Pumps have deteriorated" in shown
    snapshot = shown.split()[-1]
    assert len(snapshot) == 64


def test_another_tenant_finds_nothing(home: Home) -> None:
    code, shown = revloop(home, "memory", "search", "worn out pumps for sewage", "--tenant", "other")
    assert (code, shown.strip()) == (0, "nothing that people wrote answers this")


def test_a_body_that_never_comes_is_given_up(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("alone")
    memory = Memory(folder / "texts", MiniLm(), SqliteVectors(folder / "vectors"))
    console = Console(folder, tenants=("nyc",), memory=memory)
    feed = MemoryFeed(console.model, memory, Texts(load_normalisers(), load_texts()))
    _, records = _ingested()
    for _ in range(PATIENCE):
        with pytest.raises(Retry):
            feed.handle(_batch(records[:3]))
    assert feed.handle(_batch(records[:3])) == ()
    memory.close()
