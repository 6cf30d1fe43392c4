"""Lag counts what is not handled for good, whatever order reads, ends and commits are told in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revloop.streams import progress as module
from revloop.streams.progress import Progress

LEFT, RIGHT = ("left", 0), ("right", 0)


def owned() -> Progress:
    progress = Progress()
    progress.own([LEFT, RIGHT])
    return progress


def test_nothing_is_known_of_a_partition_until_its_end_was_seen() -> None:
    progress = owned()
    assert progress.lag() == {"left": 1, "right": 1}
    progress.ended(LEFT, 0)
    assert progress.lag() == {"left": 0, "right": 1}
    assert progress.unfinished() == [RIGHT]


def test_what_was_read_and_not_committed_is_lag() -> None:
    progress = owned()
    progress.ended(RIGHT, 0)
    progress.read(LEFT, 5, 9)
    progress.ended(LEFT, 10)
    assert progress.lag()["left"] == 5
    progress.committed({LEFT: 8})
    assert progress.lag()["left"] == 2
    progress.committed({LEFT: 10})
    assert progress.lag()["left"] == 0


def test_an_end_told_before_the_records_that_came_with_it_stays_an_end() -> None:
    progress = owned()
    progress.ended(LEFT, 12)
    progress.read(LEFT, 5, 9)  # offsets 10 and 11 are no records: a transaction ended there
    progress.committed({LEFT: 10})
    assert progress.lag()["left"] == 0


def test_a_record_behind_the_end_opens_the_partition_again() -> None:
    progress = owned()
    progress.ended(LEFT, 10)
    progress.read(LEFT, 10, 10)
    progress.committed({LEFT: 11})
    assert progress.lag()["left"] == 1
    progress.reaches(LEFT, 15)
    assert progress.lag()["left"] == 4


def test_other_partitions_are_none_of_its_business() -> None:
    progress = owned()
    progress.read(("left", 7), 0, 9)
    progress.ended(("left", 7), 10)
    assert progress.lag() == {"left": 1, "right": 1}


def test_lag_without_commits_for_a_while_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    progress = owned()
    now[0] += module.STUCK_AFTER_S + 1
    assert progress.stuck
    progress.committed({LEFT: 1})
    assert not progress.stuck
    progress.ended(LEFT, 1)
    progress.ended(RIGHT, 0)
    now[0] += 10 * module.STUCK_AFTER_S
    assert not progress.stuck


@given(st.lists(st.tuples(st.integers(1, 5), st.booleans(), st.booleans()), max_size=20))
def test_after_the_last_commit_at_the_end_there_is_no_lag(batches: list[tuple[int, bool, bool]]) -> None:
    progress = owned()
    progress.ended(RIGHT, 0)
    offset = 0
    for records, end_first, marker in batches:
        first, offset = offset, offset + records
        end = offset + marker
        if end_first:
            progress.ended(LEFT, end)
        progress.read(LEFT, first, offset - 1)
        if not end_first:
            progress.ended(LEFT, end)
        assert progress.lag()["left"] >= 0
        progress.committed({LEFT: offset})
        assert progress.lag()["left"] == 0
        offset = end
