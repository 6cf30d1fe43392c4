"""What the console keeps of an account's states: the very bytes as of a moment, and what changed between two."""

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from revloop.contracts.generated.events import AccountState, SignalChangeKind
from revloop.contracts.times import iso
from tests.unit.console.desk import Console
from tests.unit.world_model.events import record, signal
from tests.unit.world_model.test_account_states import Model

STATE, DIFF = "/v1/accounts/a/state", "/v1/accounts/a/diff"


def states() -> list[AccountState]:
    """A deal; a slip; the deal grows, twice at one moment; the slip expires."""
    return list(
        Model().feed(
            record(1000, fields={"amount": 5.0, "name": "Roof"}),
            signal(2000, signal_id="sig_x"),
            record(3000, fields={"amount": 6.0, "name": "Roof"}),
            replace(record(3000, fields={"amount": 7.0, "name": "Roof"}), event_id="chg_again"),
            signal(4000, SignalChangeKind.expired, signal_id="sig_x"),
        )
    )


@pytest.fixture
def console(tmp_path: Path) -> Console:
    return Console(tmp_path)


def test_every_state_is_kept_as_it_was_shown_when_it_was_current(console: Console) -> None:
    shown: list[tuple[AccountState, bytes]] = []
    for one in states():
        console.take(one)
        shown.append((one, console.get(STATE).content))
    assert len(shown) == 5
    last_at = {one.observed_at: body for one, body in shown}
    for at, body in last_at.items():
        assert console.get(STATE, at=iso(at)).content == body
        assert console.get(STATE, at=iso(at + 999)).content == body


def test_what_comes_twice_or_late_in_a_batch_changes_nothing(console: Console) -> None:
    told = states()
    console.take(*told)
    before = [console.get(STATE, at=iso(at)).content for at in range(1000, 5001, 1000)]
    console.take(*told)
    assert [console.get(STATE, at=iso(at)).content for at in range(1000, 5001, 1000)] == before


def test_before_anything_was_known_there_is_nothing(console: Console) -> None:
    console.take(*states())
    answer = console.get(STATE, at=iso(999))
    assert (answer.status_code, "nothing was known of 'a'" in answer.text) == (404, True)
    assert console.get(DIFF, from_=iso(0), to=iso(999)).status_code == 404


def test_nobody_sees_what_another_tenant_had(console: Console) -> None:
    console.take(*states())
    assert console.get(STATE, tenant="other", at=iso(9000)).status_code == 404
    assert console.get(DIFF, tenant="other", from_=iso(0), to=iso(9000)).status_code == 404


@pytest.mark.parametrize("at", ["yesterday", "2018-02-30", ""])
def test_what_is_no_moment_is_refused(console: Console, at: str) -> None:
    assert console.get(STATE, at=at).status_code == 422


def test_moments_in_the_wrong_order_are_refused(console: Console) -> None:
    assert console.get(DIFF, from_=iso(5000), to=iso(1000)).status_code == 422


def diff(console: Console, since: int, until: int) -> dict[str, object]:
    answer = console.get(DIFF, from_=iso(since), to=iso(until))
    assert answer.status_code == 200
    found: dict[str, object] = msgspec.json.decode(answer.content)
    return found


def test_a_difference_says_what_changed_and_why(console: Console) -> None:
    console.take(*states())
    found = diff(console, 1000, 3000)
    assert found["health"] == -20
    assert [(one["finding"], one["change"], one["points"]) for one in found["findings"]] == [  # type: ignore[attr-defined]  # JSON
        ("deal_drift", "appeared", -20)
    ]
    assert [one["detail"] for one in found["happened"]] == [  # type: ignore[attr-defined]  # JSON
        "happened (high): close_date: 2018-01-01 -> 2018-04-11",
        "changed",
        "changed",
    ]


def test_from_nothing_everything_is_new_and_health_counts_from_100(console: Console) -> None:
    console.take(*states())
    found = diff(console, 0, 2000)
    assert (found["before"], found["health"]) == (None, -20)
    assert {"what": "commercial.open_deals", "before": None, "after": 1} in found["sections"]  # type: ignore[operator]  # JSON


def test_the_points_of_what_moved_add_up_to_the_change_of_health(console: Console) -> None:
    console.take(*states())
    for since in range(0, 5000, 1000):
        for until in range(max(since, 1000), 5000, 1000):
            found = diff(console, since, until)
            assert found["health"] == sum(one["points"] for one in found["findings"])  # type: ignore[attr-defined]  # JSON


def test_between_two_moments_without_a_new_state_nothing_differs(console: Console) -> None:
    console.take(*states())
    found = diff(console, 2000, 2999)
    assert (found["health"], found["findings"], found["sections"], found["happened"]) == (0, [], [], [])


def test_pages_of_a_long_history_are_joined(console: Console) -> None:
    model = Model()
    console.take(*(state for n in range(1, 251) for state in model.feed(record(n, fields={"amount": float(n)}))))
    assert len(diff(console, 0, 250)["happened"]) == 250  # type: ignore[arg-type]  # JSON
