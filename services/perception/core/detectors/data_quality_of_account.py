"""DATA_QUALITY of an account: two systems tell different ends of one contract, or it was used before it began."""

from collections.abc import Iterator

from revloop.contracts.generated.events import ContractFact, Severity
from revloop.contracts.times import DAY_MS, iso
from revloop.tenants import SignalSettings
from services.perception.core.detector import (
    AccountDetector,
    Facet,
    Fields,
    Figure,
    Figures,
    Finding,
    Judged,
    Kind,
    Look,
    Scene,
    number,
)
from services.perception.core.facets.contracts import by_number


def look(scene: Scene) -> Look:
    """Contracts with two ends, and contracts with uses before their begin."""
    contracts, as_of = by_number(scene.view), scene.as_of
    found: list[Finding] = []
    looks: list[int] = []
    grace_ms = scene.profile.signals.contradiction_grace_days * DAY_MS
    for contract, facts in sorted(contracts.items()):
        for first, other in _different_ends(facts):
            known_at = max(first.observed_at, other.observed_at)
            looks.append(known_at + grace_ms)
            found.append(_differ(contract, first, other, (as_of - known_at) // DAY_MS))
    for contract, at in sorted(scene.view.first_use.items()):
        begins = [fact for fact in contracts.get(contract, ()) if fact.starts is not None]
        if begins:
            found.append(_used(contract, min(begins, key=lambda fact: fact.starts or 0), at))
    return Look(tuple(found), min((at for at in looks if at > as_of), default=None))


def _different_ends(facts: list[ContractFact]) -> Iterator[tuple[ContractFact, ContractFact]]:
    """The first record of a contract with another system's that tells another end; what is over differs no more."""
    told = [fact for fact in facts if fact.ends is not None and not fact.draft]
    if not told or any(fact.ended for fact in facts):
        return
    for other in told[1:]:
        if other.entity.connector != told[0].entity.connector and other.ends != told[0].ends:
            yield told[0], other
            return


def _differ(contract: str, first: ContractFact, other: ContractFact, days: int) -> Finding:
    return Finding(
        episode=f"contract_ends_differ {contract}",
        subject=first.entity,
        figures=(
            Figure(name="ends", after=iso(first.ends or 0), of=first),
            Figure(name="other_ends", after=iso(other.ends or 0), of=other),
            Figure(name="days_known", after=days),
        ),
    )


def _used(contract: str, fact: ContractFact, at: int) -> Finding:
    return Finding(
        episode=f"used_before_start {contract}",
        subject=fact.entity,
        figures=(
            Figure(name="starts", after=iso(fact.starts or 0), of=fact),
            Figure(name="first_use", after=iso(at)),
            Figure(name="days_before", after=-(-((fact.starts or 0) - at) // DAY_MS)),
        ),
    )


def judge(figures: Figures, settings: SignalSettings) -> Judged | None:
    """No value."""
    if "first_use" in figures:
        return Judged(Severity.low) if number(figures["days_before"]) > 0 else None
    differ = figures["ends"].after != figures["other_ends"].after
    old = number(figures["days_known"]) >= settings.contradiction_grace_days
    return Judged(Severity.low) if differ and old else None


_YEAR: Fields = {"number": "S-1", "starts": "1970-02-20T00:00:00Z", "ends": "1971-02-20T00:00:00Z"}
_USE: Fields = {"metric": "export", "contract": "S-1"}

DETECTOR = AccountDetector(
    signal_type="DATA_QUALITY",
    version=1,
    kind=Kind.AGE,
    looks_at=frozenset({Facet.CONTRACTS, Facet.FIRST_USE}),
    look=look,
    judge=judge,
    fires=[("used before it began", [("contract", 100, _YEAR), ("usage", 49, _USE)], 101)],
    silent=[
        ("used since it began", [("contract", 100, _YEAR), ("usage", 51, _USE)], 101),
        ("of another contract", [("contract", 100, _YEAR), ("usage", 49, {**_USE, "contract": "S-2"})], 101),
        (
            "one system with two records",
            [("contract", 60, _YEAR, "a"), ("contract", 60, {**_YEAR, "ends": "1972-02-20T00:00:00Z"}, "b")],
            68,
        ),
    ],
)
