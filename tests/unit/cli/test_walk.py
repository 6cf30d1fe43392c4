"""The walk's own bookkeeping: when evidence was first there, and a row for the hop that is missing."""

import threading
import time
from pathlib import Path
from typing import NoReturn

import pytest
from typer.testing import CliRunner

from revloop.cli.api import NotAnswering
from revloop.cli.home import Home
from revloop.cli.main import app
from revloop.cli.stack import Stack
from revloop.cli.walk import RECORDS, Hop, Missing, Walk, Watch
from revloop.kafka.local import BrokerFailed, LocalKafka

FIRST, SECOND, *_ = RECORDS


def no_broker(*_: object) -> NoReturn:
    raise BrokerFailed("Kafka ended: are its ports free?")


def test_each_kind_is_noted_when_it_is_first_there() -> None:
    stages = [{FIRST: 1}, {FIRST: 5}, {FIRST: 9, SECOND: 1}, {FIRST: 9, SECOND: 4}]
    asked = iter(stages)
    all_seen = threading.Event()

    def counts() -> dict[str, int]:
        found = next(asked, None)
        if found is None:
            all_seen.set()
            raise NotAnswering("the console is away for a moment")
        return found

    with Watch(counts, time.monotonic()) as watch:
        assert all_seen.wait(20)
    assert list(watch.first) == [FIRST, SECOND]
    assert 0 < watch.first[FIRST] < watch.first[SECOND]
    assert watch.first[SECOND] - watch.first[FIRST] > 0.3, "two looks lie between them"


def test_a_hop_that_does_not_happen_has_a_row(tmp_path: Path) -> None:
    hops: list[Hop] = []
    with pytest.raises(Missing, match="start: Kafka ended"):
        Walk(Stack(Home(tmp_path)), "nyc", "seller", hops).up(no_broker)
    [hop] = hops
    assert (hop.name, hop.count, hop.missing, hop.seen) == (
        "start",
        0,
        True,
        "missing: Kafka ended: are its ports free?",
    )


def test_kinds_that_never_came_are_all_said(tmp_path: Path) -> None:
    hops: list[Hop] = []
    walk = Walk(Stack(Home(tmp_path)), "nyc", "seller", hops)
    watch = Watch(dict, 0.0)
    watch.first[FIRST] = 2.5
    with pytest.raises(Missing, match=r"no signal changes, no account states"):
        walk._records(watch, {FIRST: 7})
    assert [(hop.name, hop.missing) for hop in hops] == [(kind, kind != FIRST) for kind in RECORDS]
    assert hops[0].seconds == 2.5


def test_the_demo_shows_the_missing_hop_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(LocalKafka, "start", no_broker)
    done = CliRunner().invoke(app, ["demo"])
    assert done.exit_code == 1
    assert "missing: Kafka ended" in " ".join(done.stdout.split())
    assert "a hop is missing: start" in done.stderr
