"""What a rule is: it looks at one open signal at a time, so that the order of signals and rules cannot matter."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

import msgspec

from revloop.contracts.generated.events import EntityRef, Evidence, Lifecycle, Scalar, Severity, SignalView
from revloop.contracts.times import DAY_MS

RISK_POINTS: Mapping[Severity, int] = {
    Severity.low: -4,
    Severity.medium: -10,
    Severity.high: -20,
    Severity.critical: -35,
}
"""What the worst signal of a risk takes from health; each further one takes half of the one before it."""
NO_POINTS: Mapping[Severity, int] = dict.fromkeys(Severity, 0)
"""What is not known weighs nothing: health says what is known to be wrong."""
RANK: Mapping[Severity, int] = {severity: rank for rank, severity in enumerate(Severity)}
NEWS: Mapping[str, str] = {
    "ACTION_EXECUTED": "What we did says nothing of the account; what it led to is told by other signals.",
    "MEETING_UPCOMING": "An occasion to prepare, and the meetings of the state show it.",
    "STAGE_CHANGED": "A step back is told apart, and any other step may lead to a deal won or lost.",
}
"""Signals that are shown and that no rule judges, with the reason."""


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
    says: str
    """What it found, in a sentence for people."""
    side: Side
    signal_types: frozenset[str]
    points: Mapping[Severity, int]
    """Contribution of the worst matching signal; zero for unknowns."""
    matches: Callable[[SignalView], bool] = always
    only_while_calm: bool = False
    """Contributes only while no risk is high or critical."""
    lifecycles: frozenset[Lifecycle] = frozenset(Lifecycle)
    """Contributes only to accounts that are one of these."""
    lasts_days: int | None = None
    """A signal counts for so long after it opened, where the rule asks for less than the signal's own time."""
    finds: Sequence[SignalView] = ()
    """Examples: each alone must lead to the finding."""
    passes: Sequence[SignalView] = ()
    """Examples: none of them leads to it."""

    @property
    def rule_id(self) -> str:
        """Name and version, as findings cite it."""
        return f"{self.finding}/{self.version}"

    @property
    def terms(self) -> Sequence[object]:
        """What decides besides code: with the version in it, the version of the rules follows from it."""
        return [
            self.rule_id,
            sorted(self.points.items()),
            sorted(self.signal_types),
            sorted(self.lifecycles),
            self.lasts_days,
            self.only_while_calm,
        ]

    def lapses_at(self, signal: SignalView) -> int | None:
        """When ``signal`` counts no more; None while its condition decides."""
        if self.lasts_days is None:
            return signal.valid_until
        own = signal.opened_at + self.lasts_days * DAY_MS
        return own if signal.valid_until is None else min(own, signal.valid_until)


def told(signal: SignalView, field: str) -> Scalar:
    """What a signal's evidence says of ``field``; None where it says nothing."""
    return next((item.after for item in signal.evidence if item.field == field), None)


def example(
    signal_type: str, severity: Severity = Severity.medium, value: float | None = None, **figures: Scalar
) -> SignalView:
    """An open signal as the examples of rules need it, with ``figures`` as its evidence."""
    entity = EntityRef(connector="salesforce", entity_type="opportunity", entity_id="006A", entity_key="A")
    return SignalView(
        signal_id="_".join(map(str, ("sig", signal_type, severity.value, value, *figures.values()))),
        signal_type=signal_type,
        severity=severity,
        entity=entity,
        opened_at=0,
        valid_until=None,
        value=value,
        confidence=1.0,
        caused_by="",
        evidence=tuple(
            Evidence(
                snapshot_id="0" * 64,
                source="salesforce",
                entity="opportunity/A",
                field=field,
                before=None,
                after=after,
                observed_at=0,
            )
            for field, after in figures.items()
        ),
    )
