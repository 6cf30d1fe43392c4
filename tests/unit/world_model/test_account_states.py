"""What the world model publishes of an account, and when it keeps silent."""

from collections.abc import Sequence

from revloop.contracts.generated import topics
from revloop.contracts.generated.events import (
    AccountState,
    EntityChangeKind,
    Envelope,
    Posture,
    SignalChangeKind,
    Tick,
)
from revloop.replay.pipeline import MemoryStore
from revloop.stage import Processor
from revloop.tenants import Profile, Registry
from services.world_model.core.rules import load_rules
from services.world_model.core.stage import SHOWN_SIGNALS, WorldModelCore
from tests.unit.world_model.events import record, signal


class Model:
    """The world model over one partition."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self._processor = Processor(WorldModelCore(Registry([Profile(tenant="t")]), load_rules()), self.store)

    def feed(self, *events: Envelope) -> Sequence[AccountState]:
        states = []
        for event in events:
            handled = self._processor.handle(event)
            assert not handled.refusals
            states += [emit.event for emit in handled.emits if isinstance(emit.event, AccountState)]
        return states


def test_a_record_that_says_nothing_new_of_the_account_publishes_nothing() -> None:
    first = record(1, fields={"amount": 1.0, "owner": "ann"})
    (state,) = Model().feed(first, record(2, fields={"amount": 1.0, "owner": "bob"}))
    assert state.commercial is not None
    assert [deal.amount for deal in state.commercial.deals] == [1.0]
    assert (state.posture, state.health, state.risks, state.new_signals) == (Posture.OK, 100, (), ())


def test_a_signal_publishes_the_situation_with_the_record_it_is_about() -> None:
    _, state = Model().feed(record(1, fields={"amount": 5.0}), signal(2))
    assert state.posture is Posture.AT_RISK
    assert state.previous_posture is Posture.OK
    assert state.new_signals == ("sig_2",)
    assert [subject.fields for subject in state.subjects] == [{"amount": 5.0}]
    assert state.recent_changes[0].detail == "happened (high): close_date: 2018-01-01 -> 2018-04-11"


def test_a_change_of_a_record_an_open_signal_is_about_is_published_without_news() -> None:
    model = Model()
    model.feed(record(1, fields={"amount": 5.0}), signal(2))
    (state,) = model.feed(record(3, fields={"amount": 7.0}))
    assert state.new_signals == ()
    assert state.subjects[0].fields == {"amount": 7.0}


def test_the_same_signal_again_changes_nothing_and_publishes_nothing() -> None:
    model = Model()
    model.feed(record(1), signal(2))
    assert model.feed(signal(2)) == []


def test_an_ended_signal_takes_its_record_along_and_the_posture_back() -> None:
    model = Model()
    _, before = model.feed(record(1), signal(2, signal_id="sig_x"))
    (after,) = model.feed(signal(3, SignalChangeKind.expired, signal_id="sig_x"))
    assert (after.posture, after.previous_posture) == (Posture.OK, Posture.AT_RISK)
    assert (after.signals, after.subjects, after.health) == ((), (), 100)
    assert after.previous_snapshot_id == before.snapshot_id
    assert after.new_signals == ()


def test_a_raised_signal_is_news_and_keeps_when_it_opened() -> None:
    model = Model()
    model.feed(record(1), signal(2, SignalChangeKind.opened, signal_id="sig_x"))
    (state,) = model.feed(signal(9, SignalChangeKind.raised, signal_id="sig_x", value=200.0))
    assert state.new_signals == ("sig_x",)
    assert [(one.opened_at, one.value) for one in state.signals] == [(2, 200.0)]


def test_a_record_that_left_is_forgotten() -> None:
    model = Model()
    model.feed(record(1, fields={"amount": 5.0}), record(2, kind=EntityChangeKind.left))
    (state,) = model.feed(signal(3))
    assert state.subjects == ()


def test_what_echoes_our_own_write_is_marked() -> None:
    model = Model()
    (echo,) = model.feed(signal(1, cause="act_1"))
    (news,) = model.feed(signal(2))
    assert echo.echo_only
    assert not news.echo_only
    assert echo.signals[0].caused_by == "act_1"


def test_lists_are_capped_and_the_rest_is_counted() -> None:
    model = Model()
    state = model.feed(*(signal(number, key=str(number)) for number in range(1, 71)))[-1]
    assert (len(state.signals), state.signal_count, len(state.recent_changes)) == (SHOWN_SIGNALS, 70, 20)
    assert state.signals[0].signal_id == "sig_70"


def test_ticks_go_on() -> None:
    tick = Tick(
        event_id="tck",
        event_type=Tick.EVENT_TYPE,
        tenant_id="",
        account_id="",
        source="clock",
        trace_id="",
        caused_by="",
        occurred_at=5,
        observed_at=5,
        clock="wall",
        at=5,
    )
    handled = Processor(WorldModelCore(Registry([]), load_rules()), MemoryStore()).handle(tick)
    assert [(emit.topic, emit.event) for emit in handled.emits] == [(topics.ACCOUNT_STATES, tick)]
