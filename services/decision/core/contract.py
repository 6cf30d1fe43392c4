"""A decision comes in; sentences on how it breaks the outcome contract go out, none when it keeps it."""

from collections.abc import Iterator

from revloop.contracts.generated.events import Decision, DecisionOutcome, Proposal

MAX_PROPOSALS = 5
PROPOSING = frozenset({DecisionOutcome.ACTION_PROPOSALS, DecisionOutcome.APPROVAL_REQUEST})


def violations(decision: Decision) -> list[str]:
    """Exactly one of five outcomes, carrying what it must and nothing else."""
    return [*_outcome(decision), *_ranks(decision.proposals), *(v for p in decision.proposals for v in _proposal(p))]


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


def _proposal(proposal: Proposal) -> Iterator[str]:
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
