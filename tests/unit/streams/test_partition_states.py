"""The states of a partition: what a transaction changed shows at once, counts from the commit on, and survives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from revloop.contracts.generated.events import DeliverySeen, StateRecord
from revloop.streams import states as module
from revloop.streams.states import PartitionStates, StateInUse, Stateless


@pytest.fixture
def states(tmp_path: Path) -> Iterator[PartitionStates]:
    made = PartitionStates(tmp_path / "p0")
    yield made
    made.close()


def seen(due_at: int | None = None) -> DeliverySeen:
    return DeliverySeen(due_at=due_at, refused=False)


def commit(states: PartitionStates, position: int) -> None:
    states.committed(states.changes(), position)


def test_a_change_shows_at_once_and_counts_from_the_commit_on(states: PartitionStates) -> None:
    states.put("a", seen(1))
    assert states.get_many(["a", "b"]) == {"a": seen(1)}
    assert states.committed_value(b"a") is None
    commit(states, 7)
    assert states.position == 7
    assert dict(states.committed_items()) == {"a": seen(1)}
    assert states.committed_keys() == [b"a"]


def test_an_aborted_transaction_never_happened(states: PartitionStates) -> None:
    states.put("a", seen(1))
    commit(states, 1)
    states.put("a", seen(2))
    states.put("b", seen(3))
    states.aborted()
    assert states.get_many(["a", "b"]) == {"a": seen(1)}
    assert states.changes() == []


def test_none_deletes_in_the_transaction_and_for_good(states: PartitionStates) -> None:
    states.put("a", seen(1))
    commit(states, 1)
    states.put("a", None)
    assert states.get_many(["a"]) == {}
    assert states.changes() == [(b"a", None)]
    commit(states, 2)
    assert states.get_many(["a"]) == {}
    assert states.committed_keys() == []


def test_timers_are_those_of_committed_states(states: PartitionStates) -> None:
    states.put("a", seen(5))
    states.put("b", seen(None))
    assert list(states.due()) == []
    commit(states, 1)
    assert list(states.due()) == [("a", 5)]


def test_it_can_be_opened_again_and_wiped(tmp_path: Path) -> None:
    first = PartitionStates(tmp_path / "p")
    first.put("a", seen(1))
    commit(first, 3)
    first.close()
    assert first.committed_value(b"a") is None  # asked by the event loop after the partition was given up
    again = PartitionStates(tmp_path / "p")
    assert (again.position, again.get_many(["a"])) == (3, {"a": seen(1)})
    again.wipe()
    assert (again.position, again.get_many(["b"])) == (0, {})
    again.close()


def test_more_states_than_the_cache_holds(states: PartitionStates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CACHED_STATES", 3)
    wanted: dict[str, StateRecord] = {f"k{n}": seen(n) for n in range(20)}
    for key, state in wanted.items():
        states.put(key, state)
    commit(states, 1)
    assert states.get_many(list(wanted)) == wanted
    assert len(states._cache) == 3


def test_a_folder_in_use_is_refused_with_what_to_set(states: PartitionStates, tmp_path: Path) -> None:
    with pytest.raises(StateInUse, match="REVLOOP_INSTANCE"):
        PartitionStates(tmp_path / "p0")


def test_a_stage_without_a_table_cannot_remember() -> None:
    assert Stateless().get_many(["a"]) == {}
    assert list(Stateless().due()) == []
    with pytest.raises(TypeError, match=r"topics\.yaml"):
        Stateless().put("a", seen())
