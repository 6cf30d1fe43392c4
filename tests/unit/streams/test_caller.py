"""A call returns, raises, or is given up when it hangs; the owner is asked meanwhile."""

import threading

import pytest

from revloop.streams.caller import Caller, Forgotten


def test_calls_are_made_in_order_and_waited_for() -> None:
    caller, made = Caller("c"), []
    for number in range(3):
        caller.call(lambda number=number: made.append(number), 5, lambda: None)
    caller.close()
    assert made == [0, 1, 2]


def test_what_a_call_raises_is_raised_here() -> None:
    caller = Caller("c")
    with pytest.raises(ZeroDivisionError):
        caller.call(lambda: 1 // 0, 5, lambda: None)
    caller.call(lambda: None, 5, lambda: None)


def test_a_call_that_hangs_is_given_up() -> None:
    end, looks = threading.Event(), []
    with pytest.raises(Forgotten, match="has not returned"):
        Caller("c").call(end.wait, 0.2, lambda: looks.append(1))
    end.set()
    assert looks


def test_the_owner_may_give_up_by_itself() -> None:
    end = threading.Event()

    def stop() -> None:
        raise TimeoutError("told to stop")

    with pytest.raises(TimeoutError, match="told to stop"):
        Caller("c").call(end.wait, 5, stop)
    end.set()
