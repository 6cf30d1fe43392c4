"""A decision comes in; sentences on how it breaks the outcome contract go out, none when it keeps it."""

from collections.abc import Iterator

from revloop.contracts.generated.events import Decision, DecisionOutcome, Proposal

MAX_PROPOSALS = 5
LEAST_OPTIONS = 2
ROUNDING = 0.0005
"""Factors and scores are kept to four places."""
PROPOSING = frozenset({DecisionOutcome.ACTION_PROPOSALS, DecisionOutcome.APPROVAL_REQUEST})


def violations(decision: Decision) -> list[str]:
    """Exactly one of five outcomes, carrying what it must and nothing else."""
    return [
        *_outcome(decision),
        *_asked(decision),
        *_ranks(decision.proposals),
        *(broken for proposal in decision.proposals for broken in _proposal(proposal, decision.basis.policy_version)),
    ]


def _outcome(decision: Decision) -> Iterator[str]:
    outcome = decision.outcome
    carried = {
        "proposals": (bool(decision.proposals), outcome in PROPOSING),
        "data requests": (bool(decision.data_requests), outcome is DecisionOutcome.DATA_REQUEST),
        "a question": (decision.question is not None, outcome is DecisionOutcome.CLARIFICATION_REQUEST),
        "a reason": (bool(decision.reason), outcome is DecisionOutcome.NO_ACTION),
    }
    for what, (there, wanted) in carried.items():
        if there is not wanted:
            yield f"{outcome.value} {'lacks' if wanted else 'carries'} {what}."
    if not decision.summary:
        yield "The summary is empty."


def _asked(decision: Decision) -> Iterator[str]:
    for request in decision.data_requests:
        if not request.tool or not request.justification:
            yield f"A request for data names no tool or gives no reason: {request.tool!r}."
    question = decision.question
    if question is not None and (not question.text or len(set(question.options)) < LEAST_OPTIONS):
        yield "The question is empty, or leaves no choice between answers."


def _ranks(proposals: tuple[Proposal, ...]) -> Iterator[str]:
    if len(proposals) > MAX_PROPOSALS:
        yield f"There are {len(proposals)} proposals, more than {MAX_PROPOSALS}."
    if [proposal.rank for proposal in proposals] != list(range(1, len(proposals) + 1)):
        yield "The ranks are not 1, 2, 3 and so on."
    scores = [proposal.score for proposal in proposals]
    if scores != sorted(scores, reverse=True):
        yield "The scores do not fall with the rank."
    if len({proposal.proposal_id for proposal in proposals}) < len(proposals):
        yield "Two proposals have the same id."


def _proposal(proposal: Proposal, policy_version: str) -> Iterator[str]:
    name = f"Proposal {proposal.rank}"
    for what in ("title", "expected_outcome", "wrong_if", "playbook"):
        if not getattr(proposal, what):
            yield f"{name} has no {what}."
    if not proposal.why:
        yield f"{name} does not say why."
    for statement in proposal.why:
        if not statement.text or not statement.evidence or not statement.signal_ids:
            yield f"{name} states something without evidence: {statement.text!r}."
    for factor in ("value", "urgency", "confidence", "score", "propensity"):
        if not 0.0 <= getattr(proposal, factor) <= 1.0:
            yield f"{name} has a {factor} outside 0..1."
    if abs(proposal.score - proposal.value * proposal.urgency * proposal.confidence) > ROUNDING:
        yield f"{name} has a score that is not value x urgency x confidence."
    if proposal.gate.policy_version != policy_version:
        yield f"{name} was judged by other policies than the basis names."
