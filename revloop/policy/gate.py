"""A proposed call comes in, policy's word on it goes out; unknown kinds and malformed calls are refused."""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import cedarpy
import msgspec

from revloop.contracts.actions import (
    ActionKind,
    Call,
    Catalogue,
    UnknownKind,
    load_catalogue,
)
from revloop.contracts.failures import RevloopError
from revloop.contracts.generated.events import Gate as GateRecord
from revloop.contracts.generated.events import RiskTier, Verdict
from revloop.tenants import Profile

SCHEMA_FILE = "revloop.cedarschema"
PRINCIPAL = {"type": "Proposer", "id": "loop"}
NO_ENTITIES = "[]"


class BadPolicy(RevloopError):
    """Policies that cannot be used; the message names the folder and the fault."""


class _Answer(msgspec.Struct, frozen=True):
    allowed: bool
    policy_ids: tuple[str, ...]
    errors: tuple[str, ...]


class Gate:
    """Policies parsed once; the same call and profile get the same word for as long as it lives."""

    def __init__(self, texts: Sequence[str], schema: str, catalogue: Catalogue) -> None:
        text = "\n".join(texts)
        self._catalogue = catalogue
        self._schema = cedarpy.Schema.from_str(schema)
        self._policies = cedarpy.PolicySet.from_str(text)
        self._entities = cedarpy.Entities.from_json_str(NO_ENTITIES)
        self._names, self._reasons = _annotations(text)
        if not (checked := cedarpy.validate_policies(text, schema)):
            raise ValueError("; ".join(map(str, checked.errors)))
        self.version = sha256("\0".join([schema, *texts]).encode()).hexdigest()

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue | None = None) -> "Gate":
        """Every ``*.cedar`` of ``folder`` in order of name, with its schema; raises BadPolicy."""
        paths = sorted(folder.glob("*.cedar"))
        if not paths:
            raise BadPolicy(f"{folder} holds no *.cedar file: name the folder with the policies")
        try:
            schema = (folder / SCHEMA_FILE).read_text()
            return cls(
                [path.read_text() for path in paths],
                schema,
                catalogue or load_catalogue(),
            )
        except (ValueError, OSError) as error:
            raise BadPolicy(f"{folder}: {error}") from error

    def judge(self, call: Call, confidence: float, profile: Profile) -> GateRecord:
        """Policy's word on ``call``, which its proposer holds to be right with ``confidence`` (0..1)."""
        try:
            kind = self._catalogue.kind(call.kind)
        except UnknownKind as error:
            return self._refuse(RiskTier.NEVER, False, (), (error.detail,))
        faults = kind.faults(call)
        facts = _facts(kind, profile, confidence, well_formed=not faults)
        offer, alone = self._ask(kind, facts)
        if errors := (*offer.errors, *alone.errors):
            return self._refuse(kind.risk_tier, kind.reversible, (), errors)  # Cedar skips a policy that fails
        if not offer.allowed:
            reasons = (*self._why(offer), *faults) or ("No policy permits it.",)
            return self._refuse(kind.risk_tier, kind.reversible, offer.policy_ids, reasons)
        if alone.allowed:
            return self._record(Verdict.ALLOW, kind, alone.policy_ids, self._why(alone))
        ids = (*offer.policy_ids, *alone.policy_ids)
        return self._record(Verdict.APPROVE, kind, ids, (*self._why(offer), *self._why(alone)))

    def _ask(self, kind: ActionKind, facts: dict[str, str | bool | int]) -> tuple[_Answer, _Answer]:
        requests = [
            {
                "principal": PRINCIPAL,
                "action": {"type": "Action", "id": action},
                "resource": {"type": "Kind", "id": kind.name},
                "context": facts,
            }
            for action in ("offer", "run_alone")
        ]
        offer, alone = cedarpy.is_authorized_batch(requests, self._policies, self._entities, self._schema)
        return self._answer(offer), self._answer(alone)

    def _answer(self, result: cedarpy.AuthzResult) -> _Answer:
        names = sorted(self._names[policy] for policy in result.diagnostics.reasons)
        return _Answer(result.allowed, tuple(names), tuple(result.diagnostics.errors))

    def _why(self, answer: _Answer) -> tuple[str, ...]:
        return tuple(self._reasons[name] for name in answer.policy_ids)

    def _record(
        self,
        verdict: Verdict,
        kind: ActionKind,
        policy_ids: tuple[str, ...],
        reasons: tuple[str, ...],
    ) -> GateRecord:
        return GateRecord(
            verdict=verdict,
            risk_tier=kind.risk_tier,
            reversible=kind.reversible,
            policy_version=self.version,
            policy_ids=policy_ids,
            reasons=reasons,
        )

    def _refuse(
        self,
        tier: RiskTier,
        reversible: bool,
        policy_ids: tuple[str, ...],
        reasons: tuple[str, ...],
    ) -> GateRecord:
        return GateRecord(
            verdict=Verdict.REFUSE,
            risk_tier=tier,
            reversible=reversible,
            policy_version=self.version,
            policy_ids=policy_ids,
            reasons=reasons,
        )


def _facts(kind: ActionKind, profile: Profile, confidence: float, *, well_formed: bool) -> dict[str, str | bool | int]:
    return {
        "mode": profile.mode.value,
        "risk_tier": kind.risk_tier.value,
        "reversible": kind.reversible,
        "executable": kind.executable,
        "alone_allowed": kind.alone_allowed,
        "allowlisted": kind.name in profile.allowlist,
        "well_formed": well_formed,
        "confidence": int(confidence * 1000),  # rounded down: just below the minimum is below it
        "min_confidence": round(kind.min_confidence * 1000),
    }


def _annotations(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """(@id by the parser's id, @reason by @id) of every policy; raises ValueError where one is missing."""
    names: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for parser_id, policy in json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"].items():
        annotations = policy.get("annotations", {})
        name, reason = annotations.get("id"), annotations.get("reason")
        if not name or not reason:
            raise ValueError(f"{parser_id}: every policy has an @id and a @reason for people")
        if name in reasons:
            raise ValueError(f"two policies are called {name}")
        names[parser_id], reasons[name] = name, reason
    return names, reasons
