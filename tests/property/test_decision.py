"""Laws of the decision: the same basis gives the same bytes, and every decision keeps the contract."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from revloop.contracts import codec
from revloop.contracts.actions import load_catalogue
from revloop.contracts.generated.events import AccountState, Basis, DecisionOutcome, Envelope, Scalar, Severity
from revloop.policy.gate import Gate
from revloop.replay.pipeline import Pipeline, Stage
from revloop.tenants import Profile, Registry
from services.decision.core.contract import violations
from services.decision.core.derive import Proposer
from services.decision.core.playbooks import load_playbooks
from services.world_model.core.rules import load_rules
from services.world_model.core.stage import WorldModelCore
from tests.unit.world_model.events import record, signal

ROOT = Path(__file__).parents[2]
PROFILE = Registry.load(ROOT / "examples" / "tenants").get("nyc")
GATE = Gate.load(ROOT / "policies")
PLAYS = list(load_playbooks())
TYPES = ["CLOSE_DATE_SLIPPED", "STAGE_REGRESSED", "DATA_QUALITY", "AMOUNT_CHANGED", "CLOSE_DATE_PULLED_IN"]
NEWS = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(TYPES), st.sampled_from(Severity)), min_size=1, max_size=8
)
FIELDS = st.fixed_dictionaries(
    {
        "amount": st.one_of(st.none(), st.floats(-1e9, 1e9)),
        "close_date": st.one_of(st.none(), st.dates().map(str), st.text(max_size=5)),
        "owner": st.one_of(st.none(), st.just("Ann")),
        "name": st.one_of(st.none(), st.text(max_size=300)),
    }
)


def state_of(news: list[tuple[str, str, Severity]], fields: dict[str, Scalar]) -> AccountState:
    model = WorldModelCore(Registry([Profile(tenant="t")]), load_rules())
    pipeline = Pipeline([Stage("world_model", model, ("signals",))])
    kept: list[Envelope] = []
    pipeline.listen("account.states", kept.append)
    for number, name in enumerate("ABC", start=1):
        pipeline.feed("signals", record(number, key=name, fields=fields))
    for number, (name, kind, severity) in enumerate(news, start=10):
        pipeline.feed("signals", signal(number, key=name, signal_type=kind, severity=severity))
    last = kept[-1]
    assert isinstance(last, AccountState)
    return last


def basis_of(state: AccountState, proposer: Proposer) -> Basis:
    return Basis(
        state_event_id=state.event_id,
        state_snapshot_id=state.snapshot_id,
        ruleset=state.ruleset,
        policy_version=proposer.policy_version(state.tenant_id),
        catalogue_version=proposer.version,
        profile_version=PROFILE.version,
        proposer="deterministic/1",
        trigger="SIGNAL_BATCH_READY",
        trigger_signal_ids=state.new_signals,
        triggered_at=state.observed_at,
        decided_at=state.observed_at + 60_000,
        recent_decisions=(),
    )


@settings(max_examples=60)
@given(news=NEWS, fields=FIELDS, plays=st.permutations(PLAYS))
def test_the_same_basis_gives_the_same_bytes_in_whatever_order_playbooks_are_found(
    news: list[tuple[str, str, Severity]], fields: dict[str, Scalar], plays: list[object]
) -> None:
    state = state_of(news, fields)
    one = Proposer(PLAYS, load_catalogue(), GATE)
    other = Proposer(plays, load_catalogue(), GATE)  # type: ignore[arg-type]  # a permutation of plays
    first = one.derive(state, basis_of(state, one), PROFILE)
    again = other.derive(codec.decode(codec.encode(state)), basis_of(state, other), PROFILE)  # type: ignore[arg-type]  # same type
    assert codec.encode(first) == codec.encode(again)


@settings(max_examples=60)
@given(news=NEWS, fields=FIELDS)
def test_every_decision_keeps_the_contract_and_proposes_once_a_record_and_kind(
    news: list[tuple[str, str, Severity]], fields: dict[str, Scalar]
) -> None:
    state = state_of(news, fields)
    proposer = Proposer(PLAYS, load_catalogue(), GATE)
    decision = proposer.derive(state, basis_of(state, proposer), PROFILE)
    assert violations(decision) == []
    assert decision.outcome in (DecisionOutcome.ACTION_PROPOSALS, DecisionOutcome.NO_ACTION)
    assert len({proposal.proposal_id for proposal in decision.proposals}) == len(decision.proposals)
    assert all("malformed" not in proposal.gate.policy_ids for proposal in decision.proposals)
