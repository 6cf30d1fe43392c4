"""The broker goes away under load and comes back: the workers wait for it, go on by themselves, and count once."""

from pathlib import Path

from revloop.kafka.local import LocalKafka, free_port_pair
from tests.flow.stages.counting import receipt, tick
from tests.flow.stages.rig import Rig
from tests.loops import CACHE
from tests.processes import wait_until


def test_a_broker_that_restarts_under_load(tmp_path: Path) -> None:
    broker = LocalKafka(tmp_path / "kafka", free_port_pair(), CACHE)
    broker.start()
    try:
        rig = Rig(broker.bootstrap, tmp_path, "outage")
        try:
            stop_and_go(rig, broker)
        finally:
            rig.close()
    finally:
        broker.stop()


def stop_and_go(rig: Rig, broker: LocalKafka) -> None:
    fed = [receipt(f"account-{number % 40}", number, observed_at=number) for number in range(20_000)]
    rig.feed(fed[:18_000])
    worker = rig.start()
    wait_until(lambda: len(rig.said("counted")) > 200, within_s=60, what="some work")
    broker.stop()
    wait_until(lambda: not worker.is_ready(), within_s=60, what="the outage being seen")
    broker.start()
    rig.feed(fed[18_000:])
    rig.settle(120)
    wait_until(worker.is_ready, within_s=60, what="the worker being ready again")
    rig.tick(tick(10_000_000_000))
    rig.settle()
    assert worker.end() == 0
    rig.assert_counted_once()
