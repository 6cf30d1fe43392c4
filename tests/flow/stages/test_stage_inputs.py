"""Bad inputs, a world that is down, faults of the core: each ends as it must, and the rest goes on in order."""

import signal

from revloop.contracts import codec
from revloop.contracts.generated.events import DeliverySeen
from revloop.contracts.generated.topics import PARTITIONS
from revloop.contracts.keys import account_key, partition_of
from tests.flow.stages.counting import receipt
from tests.flow.stages.rig import Rig
from tests.processes import wait_until

KEY = account_key("acme", "a")
PARTITION = partition_of(KEY, PARTITIONS)
UNKNOWN_FINGERPRINT = b"\xc3\x01" + b"\x07" * 8 + b"body"


def test_what_cannot_be_handled_becomes_a_dead_letter_and_the_rest_flows(rig: Rig) -> None:
    worker = rig.started()
    left = rig.names.inputs[0]
    bad = [None, b"", b"garbage", UNKNOWN_FINGERPRINT, codec.encode(DeliverySeen(due_at=None, refused=False))]
    for number, value in enumerate(bad):
        rig.write(left, receipt("a", number))
        rig.raw(left, PARTITION, KEY.encode(), value)
    rig.write(left, receipt("a", 90, kind="reject"))
    rig.write(left, receipt("a", 91, kind="half"))
    rig.flush()
    rig.settle()
    reasons = sorted(letter.reason for letter in rig.dead(left))
    assert reasons == ["bad_avro"] * 3 + ["half_wanted", "not_an_event", "not_wanted", "unknown_schema"]
    assert [event.index for event in rig.said("counted")] == [1, 2, 3, 4, 5, 6]
    assert worker.status()["errors"] == len(reasons)
    assert worker.end() == 0


def test_a_world_that_is_down_holds_the_partition_in_order(rig: Rig) -> None:
    worker = rig.started()
    left = rig.names.inputs[0]
    rig.outage.touch()
    for number in range(50):
        rig.write(left, receipt("a", number, kind="retry" if number == 20 else "count"))
    rig.flush()
    wait_until(lambda: bool(worker.status()["parts"][0]["waiting_for"]), within_s=30, what="the worker waiting")
    wait_until(lambda: rig.lag() == 30, within_s=30, what="what came before being committed")
    assert [event.index for event in rig.said("counted")] == list(range(1, 21))
    rig.outage.unlink()
    rig.settle()
    assert [event.subject_id for event in rig.said("counted")] == [
        receipt("a", number, kind="retry" if number == 20 else "count").event_id for number in range(50)
    ]
    assert worker.end() == 0


def test_a_fault_of_the_core_stops_the_worker_with_its_reason_and_loses_nothing(rig: Rig) -> None:
    worker = rig.started()
    rig.write(rig.names.inputs[0], receipt("a", 1))
    rig.flush()
    rig.settle()
    rig.write(rig.names.inputs[0], receipt("a", 2, kind="bug"))
    rig.flush()
    assert worker.process.wait(60) == 1
    assert "a bug in the core" in worker.said()
    assert rig.lag() == 1
    assert [event.index for event in rig.said("counted")] == [1]


def test_a_core_that_hangs_ends_the_process_and_shows_where(rig: Rig) -> None:
    worker = rig.started(REVLOOP_STALLED_AFTER_MS=2000)
    rig.write(rig.names.inputs[0], receipt("a", 1, kind="hang"))
    rig.flush()
    assert worker.process.wait(60) == 1
    assert "does not turn any more" in worker.said()
    assert "_fail" in worker.said()
    assert rig.lag() == 1


def test_told_to_stop_it_commits_what_it_did_and_exits_0(rig: Rig) -> None:
    worker = rig.started(REVLOOP_COMMIT_INTERVAL_MS=4000)
    rig.feed([receipt(f"account-{number}", number) for number in range(500)])
    wait_until(lambda: "lag" in worker.status(), within_s=10, what="an answer")
    assert worker.end(signal.SIGTERM) == 0
    counted = len(rig.said("counted"))
    assert rig.lag() == 500 - counted
    again = rig.started()
    rig.settle()
    assert again.end() == 0
    assert len(rig.said("counted")) == 500
