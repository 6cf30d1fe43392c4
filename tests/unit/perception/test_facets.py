"""What a view keeps of several records that say the same of an account: one may be corrected or leave, others count."""

from revloop.contracts.generated.events import AccountView, SnapshotChange
from revloop.contracts.times import DAY_MS, iso
from tests.unit.perception.desk import Desk, snapshot


def view_of(desk: Desk) -> AccountView:
    found = desk.view()
    assert found is not None
    return found


def test_an_account_began_when_the_first_of_its_records_says_now() -> None:
    desk = Desk()
    desk.take(snapshot("account", DAY_MS, {"created": iso(5 * DAY_MS)}, number="1"))
    desk.take(snapshot("account", DAY_MS, {"created": iso(3 * DAY_MS)}, number="2"))
    assert view_of(desk).created == 3 * DAY_MS
    desk.take(snapshot("account", 2 * DAY_MS, {"created": iso(4 * DAY_MS)}, number="2"))
    assert view_of(desk).created == 4 * DAY_MS, "corrected to a later day"
    desk.take(snapshot("account", 3 * DAY_MS, {}, number="2", change=SnapshotChange.left))
    assert view_of(desk).created == 5 * DAY_MS


def test_an_account_left_while_one_of_its_records_says_so() -> None:
    desk = Desk()
    desk.take(snapshot("account", DAY_MS, {"churned": True}, number="1"))
    desk.take(snapshot("account", 2 * DAY_MS, {"churned": False}, number="2"))
    assert view_of(desk).churned
    desk.take(snapshot("account", 3 * DAY_MS, {"churned": False}, number="1"))
    assert not view_of(desk).churned


def test_of_two_deliveries_of_one_key_one_may_be_taken_back() -> None:
    desk = Desk()
    first = snapshot("fulfilment", DAY_MS, {"key": "k"}, number="1")
    second = snapshot("fulfilment", 2 * DAY_MS, {"key": "k"}, number="2")
    desk.take(second, first)
    assert view_of(desk).fulfilled == {"k": DAY_MS}
    desk.take(snapshot("fulfilment", DAY_MS, {"key": "k"}, number="1", change=SnapshotChange.left))
    assert view_of(desk).fulfilled == {"k": 2 * DAY_MS}
    desk.take(snapshot("fulfilment", 2 * DAY_MS, {"key": "k"}, number="2", change=SnapshotChange.left))
    assert view_of(desk).fulfilled == {}
