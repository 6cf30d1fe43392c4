"""A simulated company: what a state says of records agrees with what perception found in them by its own way."""

from collections import Counter
from pathlib import Path

import pytest

from revloop.contracts.generated import topics
from revloop.contracts.generated.events import AccountState, Envelope, SignalView
from revloop.contracts.times import parse_iso
from revloop.replay.backtest import Backtest
from revloop.replay.pipeline import Pipeline
from revloop.simulate.run import simulate
from revloop.tenants import Registry
from tests.loops import NYC, PROFILES, ROOT
from tests.unit.world_model.laws import explains_itself, leads_with_the_worst


class Told:
    """The states that stood when a moment was over; those in the midst of one are on their way."""

    def __init__(self, folder: Path) -> None:
        self.states: dict[tuple[str, int], AccountState] = {}
        self.every: list[AccountState] = []
        Backtest(Registry.load(PROFILES), ROOT / "policies").run([folder], self._attach)

    def _attach(self, pipeline: Pipeline, _tenant: str) -> None:
        pipeline.listen(topics.ACCOUNT_STATES, self._keep)

    def _keep(self, event: Envelope) -> None:
        if isinstance(event, AccountState):
            self.every.append(event)
            self.states[event.account_id, event.observed_at] = event

    def with_signal(self, name: str) -> list[tuple[AccountState, list[SignalView]]]:
        """Standing states in which signals of a type are open, with those signals."""
        found = [(state, [one for one in state.signals if one.signal_type == name]) for state in self.states.values()]
        assert sum(bool(signals) for _, signals in found) >= 20
        return [(state, signals) for state, signals in found if signals]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("states")
    simulate(seed=5, accounts=40, months=9, out=folder)
    return Told(folder)


def test_every_state_explains_itself_and_leads_with_the_worst(told: Told) -> None:
    for state in (*told.every, *Told(NYC).every):
        explains_itself(state)
        leads_with_the_worst(state)


def after(signal: SignalView, field: str) -> object:
    return next(item.after for item in signal.evidence if item.field == field)


def test_the_lifecycle_is_the_one_last_told(told: Told) -> None:
    for state, signals in told.with_signal("LIFECYCLE_CHANGED"):
        newest = max(signals, key=lambda one: one.opened_at)
        if newest.opened_at == state.observed_at:
            assert state.lifecycle is not None
            assert state.lifecycle.value == after(newest, "lifecycle")


def test_the_next_renewal_is_the_first_of_the_windows_entered(told: Told) -> None:
    for state, signals in told.with_signal("RENEWAL_WINDOW_ENTERED"):
        assert state.commercial is not None
        assert state.commercial.renewal_at == min(parse_iso(str(after(one, "contract_ends"))) for one in signals)


def test_a_deal_that_lacks_somebody_is_a_gap(told: Told) -> None:
    for state, signals in told.with_signal("STAKEHOLDER_GAP"):
        assert state.buying_group is not None
        gaps = {gap.entity.entity_id: gap for gap in state.buying_group.gaps}
        for signal in signals:
            assert gaps[signal.entity.entity_id].people == signal.value


def test_severe_cases_that_age_wait(told: Told) -> None:
    for state, signals in told.with_signal("SUPPORT_SEV2_AGING"):
        assert state.support is not None
        assert state.support.severe >= len(signals)


def test_a_meeting_that_is_near_is_planned_until_it_starts(told: Told) -> None:
    for state, signals in told.with_signal("MEETING_UPCOMING"):
        starts = min(parse_iso(str(after(one, "starts"))) for one in signals)
        assert state.meetings is not None
        if starts > state.observed_at:  # a record may tell something between the start and the tick that clears it
            assert state.meetings.next is not None
            assert state.observed_at < state.meetings.next.at <= starts


def test_usage_is_told_while_a_signal_of_it_is_open(told: Told) -> None:
    falling = told.with_signal("USAGE_DROP_PERCENT")
    assert all(state.usage is not None and state.usage.trend == "FALLING" for state, _ in falling)
    assert all(state.usage.last_30_days <= (state.usage.usual_30_days or 0) / 2 for state, _ in falling)  # type: ignore[union-attr,operator]  # above
    names = {"USAGE_DROP_PERCENT", "USAGE_SPIKE"}
    for state in told.states.values():
        open_now = {one.signal_type for one in state.signals} & names
        assert bool(open_now) is (state.usage is not None)


def test_every_posture_is_met(told: Told) -> None:
    postures = Counter(state.posture.value for state in told.states.values())
    assert len(postures) == 5
