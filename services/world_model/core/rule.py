"""What a rule is: it looks at one open signal at a time, so that the order of signals and rules cannot matter."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

import msgspec

from revloop.contracts.generated.events import EntityRef, Severity, SignalView

RISK_POINTS: Mapping[Severity, int] = {
    Severity.low: -4,
    Severity.medium: -10,
    Severity.high: -20,
    Severity.critical: -35,
}
"""What the worst signal of a risk takes from health; each further one takes half of the one before it."""
RANK: Mapping[Severity, int] = {severity: rank for rank, severity in enumerate(Severity)}


class Side(StrEnum):
    """What a finding is."""

    RISK = "risk"
    OPPORTUNITY = "opportunity"
    UNKNOWN = "unknown"


def always(_signal: SignalView) -> bool:
    """Every signal of the rule's types matches."""
    return True


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Contributes one finding when at least one open signal matches."""

    finding: str
    version: int
    side: Side
    signal_types: frozenset[str]
    points: Mapping[Severity, int]
    """Contribution of the worst matching signal; zero for unknowns."""
    matches: Callable[[SignalView], bool] = always
    only_while_calm: bool = False
    """Contributes only while no risk is high or critical."""
    finds: Sequence[SignalView] = ()
    """Examples: each alone must lead to the finding."""
    passes: Sequence[SignalView] = ()
    """Examples: none of them leads to it."""

    @property
    def rule_id(self) -> str:
        """Name and version, as findings cite it."""
        return f"{self.finding}/{self.version}"


def example(signal_type: str, severity: Severity = Severity.medium, value: float | None = None) -> SignalView:
    """An open signal as the examples of rules need it."""
    entity = EntityRef(connector="salesforce", entity_type="opportunity", entity_id="006A", entity_key="A")
    return SignalView(
        signal_id=f"sig_{signal_type}_{severity.value}_{value}",
        signal_type=signal_type,
        severity=severity,
        entity=entity,
        opened_at=0,
        valid_until=None,
        value=value,
        confidence=1.0,
        caused_by="",
        evidence=(),
    )
