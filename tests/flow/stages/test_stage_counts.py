"""Kills, rebalances, zombies and lost folders: each input counts once, and the store is what the changelog says."""

import shutil
import signal
from collections.abc import Sequence
from functools import partial

import pytest

from revloop.contracts.generated.events import LedgerReceipt
from tests.flow.stages.counting import receipt, tick
from tests.flow.stages.rig import Rig, Worker
from tests.processes import wait_until

ACCOUNTS = 40
LATER = 10_000_000_000


def receipts(begin: int, count: int) -> Sequence[LedgerReceipt]:
    numbers = range(begin, begin + count)
    return [receipt(f"account-{number % ACCOUNTS}", number, observed_at=number) for number in numbers]


def told_all(rig: Rig) -> None:
    """Every timer has come and everything is committed."""
    rig.tick(tick(LATER))
    rig.settle()


def counted_at_least(rig: Rig, wanted: int) -> bool:
    return len(rig.said("counted")) >= wanted


def test_killed_at_work_and_while_it_recovers(rig: Rig) -> None:
    for turn in range(4):
        worker = rig.start()
        rig.feed(receipts(turn * 1500, 1500))
        so_far = 0 if turn % 2 else turn * 1500 + 200  # every other worker dies on its way up
        wait_until(partial(counted_at_least, rig, so_far), within_s=60, what="some work")
        worker.end(signal.SIGKILL)
    last = rig.started()
    rig.settle()
    told_all(rig)
    assert last.end() == 0
    rig.assert_counted_once()
    assert rig.store("0") == rig.changelog()


def shares(*workers: Worker) -> list[int]:
    """How many partitions each worker has."""
    return [len(part["assigned"]) for worker in workers for part in worker.status().get("parts", ())]


def test_a_second_worker_comes_and_goes(rig: Rig) -> None:
    first = rig.started("0")
    rig.feed(receipts(0, 2000))
    second = rig.start("1")
    rig.feed(receipts(2000, 2000))
    wait_until(second.is_ready, within_s=60, what="the second worker being ready")
    wait_until(lambda: shares(first, second) == [6, 6], within_s=60, what="both having half of the partitions")
    rig.feed(receipts(4000, 2000))
    assert second.end() == 0
    rig.feed(receipts(6000, 500))
    rig.settle()
    told_all(rig)
    assert first.end() == 0
    rig.assert_counted_once()


def test_a_zombie_is_fenced_and_spoils_nothing(rig: Rig) -> None:
    zombie = rig.started("0")
    rig.feed(receipts(0, 1000))
    zombie.send(signal.SIGSTOP)
    rig.feed(receipts(1000, 2000))
    heir = rig.started("1")
    rig.settle()
    zombie.send(signal.SIGCONT)
    rig.feed(receipts(3000, 1000))
    rig.settle()
    told_all(rig)
    assert heir.end() == 0
    zombie.end()
    rig.assert_counted_once()
    assert rig.counts() == {f"account-{number}": 100 for number in range(ACCOUNTS)}


def test_a_lost_folder_is_read_back_from_the_changelog(rig: Rig) -> None:
    first = rig.started()
    rig.feed(receipts(0, 2000))
    rig.settle()
    assert first.end() == 0
    shutil.rmtree(rig.home("0"))
    again = rig.started()
    assert again.status()["recovered"] >= ACCOUNTS
    rig.feed(receipts(2000, 500))
    rig.settle()
    told_all(rig)
    assert again.end() == 0
    rig.assert_counted_once()
    assert rig.store("0") == rig.changelog()


def test_a_second_process_on_the_same_folder_is_refused(rig: Rig) -> None:
    first = rig.started("0")
    twin = rig.start("0")
    wait_until(lambda: twin.process.poll() is not None or first.process.poll() is not None, within_s=60, what="an end")
    loser, winner = (first, twin) if first.process.poll() is not None else (twin, first)
    assert loser.process.poll() == 1
    assert "give each worker a REVLOOP_INSTANCE of its own" in loser.said()
    rig.feed(receipts(0, 500))
    rig.settle()
    told_all(rig)
    assert winner.end() == 0
    rig.assert_counted_once()


@pytest.mark.long
def test_two_processes_of_one_name_are_told_so(rig: Rig) -> None:
    first = rig.started("0")
    twin = rig.start("0", REVLOOP_HOME=rig.home("twin"))
    wait_until(lambda: twin.process.poll() is not None or first.process.poll() is not None, within_s=180, what="an end")
    loser, winner = (first, twin) if first.process.poll() is not None else (twin, first)
    assert loser.process.poll() == 1
    assert "Give each worker a REVLOOP_INSTANCE of its own" in loser.said()
    rig.feed(receipts(0, 500))
    rig.settle()
    told_all(rig)
    assert winner.end() == 0
    rig.assert_counted_once()
