"""``revloop state`` and ``revloop diff`` over HTTP show the very text that they show when they recompute."""

import threading
from collections.abc import Iterator

import pytest
import uvicorn
from typer.testing import CliRunner

from revloop.cli.home import Home
from revloop.cli.main import app
from revloop.cli.processes import wait_until
from revloop.contracts.generated.events import AccountState
from revloop.replay.states import recompute
from revloop.tenants import Registry
from tests.loops import NYC, PROFILES, free_home
from tests.unit.console.desk import Console

RECOMPUTED = ("--from", str(NYC), "--tenants", str(PROFILES))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A console that holds every state of the log that ships, on a port of its own."""
    found = free_home(tmp_path_factory.mktemp("home"))
    console = Console(found.directory, tenants=("nyc",))
    told: list[AccountState] = []
    recompute([NYC], Registry.load(PROFILES), "nyc", told.append, None)
    console.take(*told)
    server = uvicorn.Server(uvicorn.Config(console.app, port=found.port("console"), log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, "the console answering", 30)
    yield found
    server.should_exit = True
    thread.join()


def revloop(home: Home, *words: str) -> tuple[int, str]:
    environment = {"REVLOOP_HOME": str(home.directory), "REVLOOP_PORT_BASE": str(home.port_base), "COLUMNS": "160"}
    done = CliRunner().invoke(app, words, env=environment)
    return done.exit_code, done.output


@pytest.mark.parametrize(
    "words",
    [
        ("state", "DOE", "--at", "2017-04-01"),
        ("state", "DEP, EDC", "--at", "2016-06-01T12:30:00Z", "--json"),
        ("state", "BWT"),
        ("diff", "DOE", "2017-03-01", "2017-04-01"),
        ("diff", "H+H", "2010-01-01", "2018-03-01", "--json"),
    ],
    ids=" ".join,
)
def test_both_ways_show_the_same(home: Home, words: tuple[str, ...]) -> None:
    asked, made = revloop(home, *words), revloop(home, *words, *RECOMPUTED)
    assert asked[0] == made[0] == 0, asked[1]
    assert _lines(asked[1]) == _lines(made[1])


def _lines(text: str) -> list[str]:
    """Fields of a record come in another order over the wire."""
    return sorted(line.rstrip(",") for line in text.splitlines())


def test_what_the_console_refuses_is_said(home: Home) -> None:
    code, shown = revloop(home, "state", "DOE", "--at", "1999-01-01")
    assert (code, "nothing was known of 'DOE'" in " ".join(shown.split())) == (1, True)
