"""What a state says of contracts, deals, people, cases and meetings, and what of that time alone changes."""

from collections.abc import Mapping, Sequence

import pytest
from msgspec.structs import replace

from revloop.contracts.generated.events import (
    AccountMemory,
    AccountState,
    EntityChange,
    EntityChangeKind,
    EntityRef,
    Evidence,
    Lifecycle,
    Posture,
    Scalar,
    Severity,
    Tick,
    UsageTrend,
)
from revloop.contracts.times import DAY_MS, iso
from services.perception.core.facets import contracts as told_by_perception
from services.world_model.core import facts
from services.world_model.core.facts import KEPT_MEETINGS
from tests.unit.world_model.events import record, signal
from tests.unit.world_model.test_account_states import Model

Fields = Mapping[str, Scalar]


def of(
    kind: str,
    day: int,
    fields: Fields,
    *,
    name: str = "1",
    connector: str = "crm",
    change: EntityChangeKind = EntityChangeKind.changed,
) -> EntityChange:
    """A record of a kind, as it is told on a day."""
    told = record(day * DAY_MS, fields=fields, kind=change)
    entity = EntityRef(connector=connector, entity_type=kind, entity_id=name, entity_key=name)
    return replace(told, entity=entity, event_id=f"chg_{day}_{kind}_{name}")


def tick(day: float) -> Tick:
    at = int(day * DAY_MS)
    return Tick(
        event_id=f"tck_{at}",
        event_type=Tick.EVENT_TYPE,
        tenant_id="",
        account_id="",
        source="clock",
        trace_id="0" * 32,
        caused_by="",
        occurred_at=at,
        observed_at=at,
        clock="wall",
        at=at,
    )


def last(*events: EntityChange | Tick) -> AccountState:
    return Model().feed(*events)[-1]


YEAR: Fields = {"number": "S-1", "starts": iso(10 * DAY_MS), "ends": iso(375 * DAY_MS), "amount": 1200.0}
YEARLY = of("contract", 20, YEAR)


def test_a_contract_makes_a_customer_from_its_first_day_to_its_last() -> None:
    model = Model()
    assert model.feed(of("contract", 5, YEAR)) == [], "nothing runs yet"
    (began,) = model.feed(tick(9), tick(10))
    assert (began.lifecycle, began.posture, began.tenant_id) == (Lifecycle.CUSTOMER, Posture.OK, "t")
    assert began.commercial is not None
    assert (began.commercial.renewal_at, began.commercial.in_force) == (375 * DAY_MS, 1)
    (ended,) = model.feed(tick(374), tick(375), tick(376))
    assert (ended.lifecycle, ended.posture) == (Lifecycle.CHURNED, Posture.DORMANT)
    assert (ended.observed_at, ended.caused_by) == (375 * DAY_MS, f"tck_{375 * DAY_MS}")
    assert ended.commercial is not None
    assert (ended.commercial.contracts, ended.commercial.renewal_at) == ((), None)


def test_what_time_alone_changes_has_a_timer_and_nothing_else_has() -> None:
    model = Model()
    model.feed(of("contract", 20, YEAR))
    (memory,) = (one for one in model.store.states.values() if isinstance(one, AccountMemory))
    assert memory.due_at == 375 * DAY_MS
    model.feed(tick(375))
    (memory,) = (one for one in model.store.states.values() if isinstance(one, AccountMemory))
    assert memory.due_at is None


def test_a_contract_that_two_systems_tell_is_one() -> None:
    billing = {**YEAR, "ends": iso(400 * DAY_MS), "amount": None}
    state = last(of("contract", 20, billing, connector="billing"), of("contract", 20, YEAR))
    assert state.commercial is not None
    (contract,) = state.commercial.contracts
    assert (contract.entity.connector, contract.ends, contract.amount) == ("billing", 400 * DAY_MS, 1200.0)


@pytest.mark.parametrize(
    ("fields", "lifecycle", "listed"),
    [
        ({"trial": True}, Lifecycle.PROSPECT, 1),
        ({"status": "Canceled"}, Lifecycle.CHURNED, 0),
        ({"ended_at": iso(30 * DAY_MS)}, Lifecycle.CHURNED, 0),
        ({"ends": None}, Lifecycle.CUSTOMER, 1),
    ],
)
def test_what_kind_of_contract_it_is(fields: Fields, lifecycle: Lifecycle, listed: int) -> None:
    state = last(of("opportunity", 20, {}), of("contract", 20, {**YEAR, **fields}))
    assert state.lifecycle is lifecycle
    assert state.commercial is not None
    assert len(state.commercial.contracts) == listed


@pytest.mark.parametrize("turned", [False, True])
def test_an_account_is_called_what_its_own_record_says_and_else_what_another_does(*, turned: bool) -> None:
    own, other = of("account", 20, {"name": "Acme Ltd"}, name="a"), of("account", 20, {"name": "ACME"}, connector="aaa")
    assert last(YEARLY, other).name == "ACME"
    assert last(YEARLY, *((own, other) if turned else (other, own))).name == "Acme Ltd"
    assert last(YEARLY, other, own, replace(own, change=EntityChangeKind.left)).name == "ACME"
    assert last(YEARLY).name == ""


def test_a_draft_is_no_contract() -> None:
    assert Model().feed(of("contract", 20, {**YEAR, "status": "Draft"})) == []


def test_states_of_contracts_are_read_as_perception_reads_them() -> None:
    assert (facts.ENDED, facts.DRAFT) == (told_by_perception.ENDED, told_by_perception.DRAFT)


def test_short_contracts_go_on_by_themselves_and_are_no_renewal() -> None:
    state = last(of("contract", 20, {**YEAR, "ends": iso(40 * DAY_MS)}))
    assert state.commercial is not None
    assert (state.commercial.in_force, state.commercial.renewal_at) == (1, None)


def test_open_deals_come_by_their_close_date_and_closed_ones_go() -> None:
    late, soon = {"name": "late", "close_date": "2020-05-01"}, {"name": "soon", "close_date": "2020-01-01"}
    model = Model()
    model.feed(of("opportunity", 1, {"name": "some day"}, name="0"), of("opportunity", 1, late))
    (state,) = model.feed(of("opportunity", 2, soon, name="2"))
    assert state.commercial is not None
    assert [deal.name for deal in state.commercial.deals] == ["soon", "late", "some day"]
    assert state.commercial.next_close_date == "2020-01-01"
    (state,) = model.feed(of("opportunity", 3, {**soon, "closed": True}, name="2"))
    assert state.commercial is not None
    assert (state.commercial.open_deals, state.commercial.next_close_date) == (2, "2020-05-01")


ANN: Fields = {"contact_id": "ann", "role": "Champion;ECONOMIC_BUYER", "opportunity_id": "1"}


def test_who_is_on_a_deal_and_who_lacks() -> None:
    model = Model()
    (state,) = model.feed(of("opportunity", 1, {}))
    assert _gaps(state) == [(0, ("buyer", "champion", "people"))]
    (state,) = model.feed(of("stakeholder", 2, ANN, name="s1"))
    assert _gaps(state) == [(1, ("people",))]
    (state,) = model.feed(of("stakeholder", 3, {**ANN, "contact_id": "bob", "role": "User"}, name="s2"))
    assert _gaps(state) == []
    assert state.buying_group is not None
    assert [(one.contact_id, one.roles) for one in state.buying_group.people] == [
        ("ann", ("champion", "economic buyer")),
        ("bob", ("user",)),
    ]
    (state,) = model.feed(of("stakeholder", 4, {**ANN, "active": False}, name="s1"))
    assert _gaps(state) == [(1, ("buyer", "champion", "people"))]


def _gaps(state: AccountState) -> list[tuple[int, Sequence[str]]]:
    assert state.buying_group is not None
    return [(gap.people, gap.lacks) for gap in state.buying_group.gaps]


@pytest.mark.parametrize("first", ["contact", "stakeholder"])
def test_a_person_has_a_name_whichever_record_comes_first(first: str) -> None:
    told = {"contact": of("contact", 1, {"name": "Ann"}, name="ann"), "stakeholder": of("stakeholder", 1, ANN)}
    later = next(name for name in told if name != first)
    state = last(of("opportunity", 1, {}), told[first], told[later])
    assert state.buying_group is not None
    assert state.buying_group.people[0].name == "Ann"


def test_cases_wait_until_they_are_done() -> None:
    model = Model()
    severe = {"created": iso(3 * DAY_MS), "priority": "1", "escalated": True, "status_category": "new"}
    model.feed(of("support_case", 3, severe))
    (state,) = model.feed(of("support_case", 5, {"created": iso(5 * DAY_MS), "priority": "4"}, name="2"))
    assert state.support is not None
    assert (state.support.waiting, state.support.severe, state.support.escalated) == (2, 1, 1)
    assert state.support.oldest_day == "1970-01-04"
    (state,) = model.feed(of("support_case", 6, {**severe, "status_category": "done"}))
    assert state.support is not None
    assert (state.support.waiting, state.support.severe, state.support.oldest_day) == (1, 0, "1970-01-06")
    (state,) = model.feed(of("support_case", 7, {}, name="2", change=EntityChangeKind.left))
    assert (state.support, state.posture) == (None, Posture.DORMANT)


def test_a_meeting_is_the_next_one_until_it_begins() -> None:
    model = Model()
    model.feed(of("meeting", 1, {"starts": iso(5 * DAY_MS)}), of("meeting", 1, {"starts": iso(9 * DAY_MS)}, name="2"))
    (state,) = model.feed(tick(4), tick(5))
    assert state.meetings is not None
    assert [one and one.at for one in (state.meetings.last, state.meetings.next)] == [5 * DAY_MS, 9 * DAY_MS]
    assert state.lifecycle is Lifecycle.SUSPECT
    (state,) = model.feed(of("meeting", 6, {"starts": iso(9 * DAY_MS), "cancelled": True}, name="2"))
    assert state.meetings is not None
    assert (state.meetings.next, state.meetings.planned) == (None, 0)


def test_meetings_held_long_ago_are_let_go_of() -> None:
    model = Model()
    model.feed(*(of("meeting", day, {"starts": iso(day * DAY_MS)}, name=str(day)) for day in range(1, 40)))
    (memory,) = (one for one in model.store.states.values() if isinstance(one, AccountMemory))
    assert memory.facts is not None
    assert sorted(one.at // DAY_MS for one in memory.facts.meetings.values()) == list(range(40 - KEPT_MEETINGS, 40))


def test_a_signal_of_usage_is_shown_with_its_figures() -> None:
    figure = Evidence(
        snapshot_id="0" * 64,
        source="segment",
        entity="account/a",
        field="usage_30_days",
        before=30.0,
        after=4.0,
        observed_at=1,
    )
    drop = replace(
        signal(1, signal_type="USAGE_DROP_PERCENT", severity=Severity.medium, value=60.0), evidence=(figure,)
    )
    (state,) = Model().feed(drop)
    assert state.usage is not None
    assert (state.usage.trend, state.usage.last_30_days, state.usage.usual_30_days) == (UsageTrend.FALLING, 4.0, 10.0)


def test_an_account_that_says_it_left_is_lost_until_it_has_a_contract_again() -> None:
    model = Model()
    (state,) = model.feed(of("account", 20, {"churned": True}), of("opportunity", 20, {}))
    assert state.lifecycle is Lifecycle.CHURNED
    (state,) = model.feed(of("contract", 21, YEAR))
    assert state.lifecycle is Lifecycle.CUSTOMER


def test_an_account_of_which_only_the_name_is_known_has_no_state() -> None:
    assert Model().feed(of("account", 1, {"name": "Acme"}), of("contact", 1, {"name": "Ann"}), tick(2)) == []


def test_what_changed_is_told_with_the_state_it_changed() -> None:
    change = replace(of("opportunity", 2, {"amount": 2.0}), changed=("amount",))
    state = last(of("opportunity", 1, {"amount": 1.0}), change)
    assert [(one.what, one.detail) for one in state.recent_changes] == [
        ("opportunity", "changed: amount"),
        ("opportunity", "changed"),
    ]
