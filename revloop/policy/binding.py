"""A proposal comes in; what its approval is bound to goes out: change anything of it, and the approval is void."""

from revloop.contracts.generated.events import Binding, Proposal
from revloop.contracts.ids import content_hash


def bind(proposal: Proposal) -> Binding:
    """What an approval of ``proposal`` covers; ids, ranks and scores are no part of it."""
    target = proposal.target
    action = [proposal.action_kind, target, proposal.parameters, proposal.changes]
    evidence = [[statement.text, statement.signal_ids, statement.evidence] for statement in proposal.why]
    return Binding(
        action_hash=content_hash(action),
        evidence_hash=content_hash(evidence),
        policy_version=proposal.gate.policy_version,
        target_version=target.version,
    )


def binding_hash(binding: Binding) -> str:
    """sha256 (hex) over ``binding``: what the person saw, in one word."""
    return content_hash(binding)
