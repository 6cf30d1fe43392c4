"""An account state and a basis come in, the decision they lead to goes out: the same basis gives the same bytes."""

from collections.abc import Mapping, Sequence

from revloop.contracts.actions import Catalogue
from revloop.contracts.envelope import caused
from revloop.contracts.generated.events import (
    AccountState,
    Basis,
    Decision,
    DecisionOutcome,
    EntityRef,
    Proposal,
    SignalView,
    Verdict,
)
from revloop.contracts.ids import content_hash, derive_id
from revloop.policy.gate import Gate
from revloop.tenants import Profile
from services.decision.core.contract import MAX_PROPOSALS, violations
from services.decision.core.playbook import Case, Draft, Play, Playbook, Restraint
from services.decision.core.ranking import Ranked, best_first, weigh

SOURCE = "decision"
PROPOSER = "deterministic/1"
EXECUTED = "ACTION_EXECUTED"
CERTAIN = 1.0
"""The deterministic proposer chooses each rank with this probability."""


class BrokenContract(Exception):
    """A decision that is none of the five outcomes; the message lists what is wrong with it."""


class Proposer:
    """Playbooks, catalogue and policy together; pure, and the same for every tenant."""

    def __init__(self, plays: Sequence[Play], catalogue: Catalogue, gate: Gate) -> None:
        ordered = sorted(plays, key=lambda play: play.name)
        self._playbooks = [play for play in ordered if isinstance(play, Playbook)]
        self._restraints = [play for play in ordered if isinstance(play, Restraint)]
        self._gate = gate
        self.version = content_hash([catalogue.version, [[play.name, play.version] for play in ordered]])[:16]

    def policy_version(self, tenant_id: str) -> str:
        """Version of the policies that hold for the tenant."""
        return self._gate.version_of(tenant_id)

    def derive(self, state: AccountState, basis: Basis, profile: Profile) -> Decision:
        """The decision on ``state``; raises BrokenContract."""
        decision_id = _decision_id(state, basis)
        ranked = best_first(self._drafts(state, profile, basis.decided_at), MAX_PROPOSALS)
        proposals = tuple(self._proposal(decision_id, one, rank) for rank, one in enumerate(ranked, start=1))
        decision = _decision(state, basis, proposals, "" if proposals else self._reason(state))
        if broken := violations(decision):
            raise BrokenContract(" ".join(broken))
        return decision

    def _drafts(self, state: AccountState, profile: Profile, now: int) -> list[Ranked]:
        done = _done(state)
        return [
            weigh(_name(playbook), case, draft)
            for case in _cases(state, profile, now)
            for playbook in self._playbooks
            if (draft := playbook.draft(case)) is not None and not _answered(draft, done)
        ]

    def _proposal(self, decision_id: str, one: Ranked, rank: int) -> Proposal:
        draft, call = one.draft, one.draft.call
        entity = one.case.subject.entity
        return Proposal(
            proposal_id=derive_id("prp", decision_id, one.play, call.kind, *_record(entity)),
            action_kind=call.kind,
            title=draft.title,
            target=call.target,
            parameters=dict(call.parameters),
            changes=call.changes,
            why=draft.why,
            expected_outcome=draft.expected_outcome,
            wrong_if=draft.wrong_if,
            value=one.value,
            urgency=one.urgency,
            confidence=one.confidence,
            score=one.score,
            rank=rank,
            propensity=CERTAIN,
            playbook=one.play,
            gate=self._gate.judge(call, one.confidence, one.case.profile),
        )

    def _reason(self, state: AccountState) -> str:
        if not state.signals:
            return "what raised the question no longer holds."
        for restraint in self._restraints:
            if (reason := restraint.reason(state.signals)) is not None:
                return reason
        if state.risks:
            worst = state.risks[0]
            name = worst.finding.replace("_", " ")
            return f"{name} ({worst.severity.value}) stands, and no playbook has anything new to propose for it."
        return "no open signal asks for anything."


def no_action(state: AccountState, basis: Basis, reason: str) -> Decision:
    """NO_ACTION for a ``reason`` that lies with us, not with the account."""
    return _decision(state, basis, (), reason)


def _decision_id(state: AccountState, basis: Basis) -> str:
    return derive_id("dec", state.tenant_id, state.account_id, basis.state_event_id, basis.trigger, basis.decided_at)


def _decision(state: AccountState, basis: Basis, proposals: tuple[Proposal, ...], reason: str) -> Decision:
    decision_id = _decision_id(state, basis)
    return caused(
        Decision,
        state,
        event_id=derive_id("dcx", decision_id),
        source=SOURCE,
        observed_at=basis.decided_at,
        decision_id=decision_id,
        outcome=DecisionOutcome.ACTION_PROPOSALS if proposals else DecisionOutcome.NO_ACTION,
        reason=reason,
        summary=_summary(proposals) if proposals else f"Nothing to do for {state.account_id}: {reason}",
        proposals=proposals,
        data_requests=(),
        question=None,
        basis=basis,
    )


def _summary(proposals: tuple[Proposal, ...]) -> str:
    more = f", and {len(proposals) - 1} more" if len(proposals) > 1 else ""
    waiting = sum(proposal.gate.verdict is Verdict.APPROVE for proposal in proposals)
    return f"{proposals[0].title}{more}; {waiting} of {len(proposals)} wait for approval."


def _cases(state: AccountState, profile: Profile, now: int) -> list[Case]:
    """One case for each record whose content is known, in the order of its worst signal."""
    about: dict[tuple[str, ...], list[SignalView]] = {}
    for signal in state.signals:
        about.setdefault(_record(signal.entity), []).append(signal)
    return [
        Case(subject=subject, signals=tuple(about[_record(subject.entity)]), profile=profile, now=now)
        for subject in state.subjects
        if _record(subject.entity) in about
    ]


def _done(state: AccountState) -> dict[tuple[str, str], int]:
    """When we last did (or did and undid) each kind of action about each label."""
    fields = {_record(subject.entity): subject.fields for subject in state.subjects}
    done: dict[tuple[str, str], int] = {}
    for signal in state.signals:
        if signal.signal_type == EXECUTED and (about := fields.get(_record(signal.entity))):
            name = (str(about.get("kind")), str(about.get("label")))
            done[name] = max(signal.opened_at, done.get(name, 0))
    return done


def _answered(draft: Draft, done: Mapping[tuple[str, str], int]) -> bool:
    """Whether the same was done since the newest of its signals: asking again would only tire the reader."""
    at = done.get((draft.call.kind, draft.call.target.label))
    return at is not None and at >= max(signal.opened_at for signal in draft.signals)


def _record(entity: EntityRef) -> tuple[str, str, str]:
    return (entity.connector, entity.entity_type, entity.entity_id)


def _name(play: Play) -> str:
    return f"{play.name}/{play.version}"
