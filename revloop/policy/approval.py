"""A verified person and an action come in; a sentence that says why not goes out, or None when the person may."""

from revloop.contracts.generated.events import Action, RiskTier
from revloop.policy.assertion import Claims, Principal

APPROVER = "approver"
MANAGER = "manager"


def may_approve(claims: Claims, action: Action) -> str | None:
    """Only people who are approvers decide, on high risk only a manager among them; undoing asks for the same right."""
    if claims.tenant_id != action.tenant_id:
        return "The action belongs to another tenant."
    if claims.principal is not Principal.PERSON:
        return "Only a person may decide this: an agent holds no such right, whatever its roles."
    if APPROVER not in claims.roles:
        return "Only an approver may decide this: ask one of the tenant's approvers."
    match action.proposal.gate.risk_tier:
        case RiskTier.NEVER:
            return "Nobody may approve an action of this kind."
        case RiskTier.HIGH if MANAGER not in claims.roles:
            return "An action of high risk is approved by a manager: ask one."
        case _:
            return None
