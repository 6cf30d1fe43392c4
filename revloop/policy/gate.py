"""A proposed call comes in, policy's word on it goes out; unknown kinds and malformed calls are refused."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

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
from revloop.policy.policies import Facts, Policies, only_forbids
from revloop.tenants import Profile

SCHEMA_FILE = "revloop.cedarschema"
TENANTS = "tenants"
"""Folder of texts that hold for one tenant each: ``<tenant, percent-encoded>.cedar``."""
OFFER, RUN_ALONE = "offer", "run_alone"


class BadPolicy(RevloopError):
    """Policies that cannot be used; the message names the folder and the fault."""


class Gate:
    """Policies parsed once; the same call and profile get the same word for as long as it lives."""

    def __init__(
        self, texts: Sequence[str], schema: str, catalogue: Catalogue, tenants: Mapping[str, str] | None = None
    ) -> None:
        """``tenants`` adds forbids to the common ``texts``, by tenant; raises ValueError for texts that cannot hold."""
        self._catalogue = catalogue
        self._common = Policies(texts, schema)
        self._own = {tenant: _with_forbids(texts, own, schema, tenant) for tenant, own in (tenants or {}).items()}

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue | None = None) -> "Gate":
        """Every ``*.cedar`` of ``folder`` in order of name, with its schema and its tenants' own; raises BadPolicy."""
        paths = sorted(folder.glob("*.cedar"))
        if not paths:
            raise BadPolicy(f"{folder} holds no *.cedar file: name the folder with the policies")
        try:
            schema = (folder / SCHEMA_FILE).read_text()
            own = _by_tenant(sorted((folder / TENANTS).glob("*.cedar")))
            return cls([path.read_text() for path in paths], schema, catalogue or load_catalogue(), own)
        except (ValueError, OSError) as error:
            raise BadPolicy(f"{folder}: {error}") from error

    def tenants(self) -> list[str]:
        """Tenants that have texts of their own, sorted."""
        return sorted(self._own)

    def version_of(self, tenant_id: str) -> str:
        """sha256 over the schema and every text that holds for the tenant."""
        return self._policies(tenant_id).version

    def judge(self, call: Call, confidence: float, profile: Profile) -> GateRecord:
        """Policy's word on ``call``, which its proposer holds to be right with ``confidence`` (0..1)."""
        policies = self._policies(profile.tenant)
        try:
            kind = self._catalogue.kind(call.kind)
        except UnknownKind as error:
            return _record(Verdict.REFUSE, RiskTier.NEVER, False, policies.version, (), (error.detail,))
        faults = [*kind.faults(call), *_doubt(confidence)]
        offer, alone = policies.ask(kind.name, _facts(kind, profile, confidence, faults), OFFER, RUN_ALONE)

        def says(verdict: Verdict, ids: tuple[str, ...], reasons: tuple[str, ...]) -> GateRecord:
            return _record(verdict, kind.risk_tier, kind.reversible, policies.version, ids, reasons)

        if errors := (*offer.errors, *alone.errors):
            return says(Verdict.REFUSE, (), errors)  # a forbid that was skipped would open the gate
        if not offer.allowed:
            return says(Verdict.REFUSE, offer.policy_ids, (*offer.reasons, *faults) or ("No policy permits it.",))
        if alone.allowed:
            return says(Verdict.ALLOW, alone.policy_ids, alone.reasons)
        return says(Verdict.APPROVE, (*offer.policy_ids, *alone.policy_ids), (*offer.reasons, *alone.reasons))

    def _policies(self, tenant_id: str) -> Policies:
        return self._own.get(tenant_id, self._common)


def _by_tenant(paths: Sequence[Path]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in paths:
        tenant = unquote(path.stem)
        if tenant in found:
            raise ValueError(f"{TENANTS}: two files are named after tenant {tenant!r}: make them one")
        found[tenant] = path.read_text()
    return found


def _with_forbids(texts: Sequence[str], own: str, schema: str, tenant: str) -> Policies:
    if not only_forbids(own):
        raise ValueError(f"{TENANTS}/{tenant}: a tenant may forbid, never permit: take the permit out")
    return Policies([*texts, own], schema)


def _doubt(confidence: float) -> tuple[str, ...]:
    return () if 0.0 <= confidence <= 1.0 else ("The confidence is not a share from 0 to 1.",)


def _facts(kind: ActionKind, profile: Profile, confidence: float, faults: Sequence[str]) -> Facts:
    return {
        "mode": profile.mode.value,
        "risk_tier": kind.risk_tier.value,
        "reversible": kind.reversible,
        "executable": kind.executable,
        "alone_allowed": kind.alone_allowed,
        "allowlisted": kind.name in profile.allowlist,
        "well_formed": not faults,
        # rounded down: just below the minimum is below it; what is no share counts as none
        "confidence": 0 if _doubt(confidence) else int(confidence * 1000),
        "min_confidence": round(kind.min_confidence * 1000),
    }


def _record(
    verdict: Verdict,
    tier: RiskTier,
    reversible: bool,
    version: str,
    policy_ids: tuple[str, ...],
    reasons: tuple[str, ...],
) -> GateRecord:
    return GateRecord(
        verdict=verdict,
        risk_tier=tier,
        reversible=reversible,
        policy_version=version,
        policy_ids=policy_ids,
        reasons=reasons,
    )
