"""What a playbook is: it sees one record and its open signals and drafts at most one action, worded from records."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from revloop.contracts.actions import Call
from revloop.contracts.generated.events import (
    EntityRef,
    Evidence,
    Scalar,
    Severity,
    SignalView,
    Statement,
    Subject,
)
from revloop.tenants import Profile

RANK: Mapping[Severity, int] = {severity: rank for rank, severity in enumerate(Severity)}


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One record of an account with everything open about it."""

    subject: Subject
    signals: tuple[SignalView, ...]
    """Open signals about the record, worst first; never none."""
    profile: Profile
    now: int
    """When it is decided (ms, tenant's clock)."""

    def of(self, *signal_types: str) -> list[SignalView]:
        """The open signals of these types, worst and newest first."""
        return [signal for signal in self.signals if signal.signal_type in signal_types]

    def text(self, field: str) -> str:
        """The record's value as text; empty when there is none."""
        value = self.subject.fields.get(field)
        return value if isinstance(value, str) else ""

    @property
    def label(self) -> str:
        """Name of the record, or its key."""
        return self.text("name") or self.subject.entity.entity_key

    def evidence(self, *fields: str) -> tuple[Evidence, ...]:
        """The record itself as evidence of what it says in ``fields`` now."""
        entity = self.subject.entity
        return tuple(
            Evidence(
                snapshot_id=self.subject.snapshot_id,
                source=entity.connector,
                entity=f"{entity.entity_type}/{entity.entity_key}",
                field=field,
                before=None,
                after=self.subject.fields.get(field),
                observed_at=self.subject.observed_at,
            )
            for field in fields
        )

    def vendor_object(self) -> str:
        """The vendor's name of the record's kind; empty when the profile has none."""
        entity = self.subject.entity
        connector = self.profile.connectors.get(entity.connector)
        for name, described in connector.objects.items() if connector else ():
            if described is not None and described.entity_type == entity.entity_type:
                return name
        return ""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An action before it is ranked and judged."""

    call: Call
    title: str
    why: tuple[Statement, ...]
    expected_outcome: str
    wrong_if: str
    signals: tuple[SignalView, ...]
    """Signals it answers: they make its urgency."""
    needs: tuple[str, ...]
    """Fields whose presence makes it trustworthy."""
    effect: float = 1.0
    """Share (0..1) of the record's value that such an action can protect."""


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A record and its open signals, as (type, severity, value, field, before, after)."""

    fields: Mapping[str, Scalar]
    signals: Sequence[tuple[str, Severity, float | None, str, Scalar, Scalar]]
    entity_type: str = "opportunity"
    connector: str = "salesforce"


class Playbook(msgspec.Struct, frozen=True, kw_only=True):
    """Drafts an action for a record, or none."""

    name: str
    version: int
    draft: Callable[[Case], Draft | None]
    drafts: Sequence[Example] = ()
    """Examples that lead to a draft."""
    silent: Sequence[Example] = ()
    """Examples that do not."""


class Restraint(msgspec.Struct, frozen=True, kw_only=True):
    """Says why it is right to do nothing, when no playbook has anything to propose."""

    name: str
    version: int
    reason: Callable[[Sequence[SignalView]], str | None]
    holds: Sequence[Sequence[SignalView]] = ()
    """Examples: open signals of an account for which there is a reason."""
    silent: Sequence[Sequence[SignalView]] = ()


Play = Playbook | Restraint


def statement(text: str, signals: Iterable[SignalView], more: Iterable[Evidence] = ()) -> Statement:
    """``text`` resting on ``signals``, on everything they rest on, and on ``more``."""
    cited = tuple(signals)
    evidence = (*(item for signal in cited for item in signal.evidence), *more)
    return Statement(text=text, signal_ids=tuple(signal.signal_id for signal in cited), evidence=evidence)


def at_least(severity: Severity, signals: Iterable[SignalView]) -> list[SignalView]:
    """Those of ``signals`` that are as severe as ``severity`` or worse."""
    return [signal for signal in signals if RANK[signal.severity] >= RANK[severity]]


def newest(signals: Iterable[SignalView]) -> SignalView:
    """The signal that opened last; by id where two opened together."""
    return max(signals, key=lambda signal: (signal.opened_at, signal.signal_id))


def days(count: float | None) -> str:
    """``1 day``, ``45 days``; nothing known is ``some days``."""
    if count is None:
        return "some days"
    whole = abs(round(count))
    return "1 day" if whole == 1 else f"{whole:,} days"


def count(number: int, what: str) -> str:
    """``1 amount``, ``3 amounts``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def money(amount: Scalar, currency: str) -> str:
    """``2.6 billion USD``, ``53.5 million USD``, ``8,000 USD``; empty where there is no amount."""
    if not isinstance(amount, int | float) or isinstance(amount, bool):
        return ""
    if abs(amount) >= 1_000_000_000:
        return f"{amount / 1_000_000_000:,.1f} billion {currency}"
    if abs(amount) >= 1_000_000:
        return f"{amount / 1_000_000:,.1f} million {currency}"
    return f"{amount:,.0f} {currency}"


def case_of(example: Example, profile: Profile, now: int = 0) -> Case:
    """The case an example describes; its signals opened at ``now``."""
    entity = EntityRef(connector=example.connector, entity_type=example.entity_type, entity_id="006A", entity_key="A")
    signals = [_signal(entity, number, row, now) for number, row in enumerate(example.signals)]
    subject = Subject(entity=entity, snapshot_id="0" * 64, version=1, fields=dict(example.fields), observed_at=now)
    signals.sort(key=lambda signal: (-RANK[signal.severity], signal.signal_id))
    return Case(subject=subject, signals=tuple(signals), profile=profile, now=now)


def open_signal(signal_type: str, value: float | None) -> SignalView:
    """An open signal as the examples of restraints need it."""
    entity = EntityRef(connector="salesforce", entity_type="opportunity", entity_id="006A", entity_key="A")
    return _signal(entity, 0, (signal_type, Severity.medium, value, "", None, None), 0)


def _signal(
    entity: EntityRef, number: int, row: tuple[str, Severity, float | None, str, Scalar, Scalar], now: int
) -> SignalView:
    signal_type, severity, value, field, before, after = row
    evidence = Evidence(
        snapshot_id="0" * 64,
        source=entity.connector,
        entity=f"{entity.entity_type}/{entity.entity_key}",
        field=field,
        before=before,
        after=after,
        observed_at=now,
    )
    return SignalView(
        signal_id=f"sig_{number}",
        signal_type=signal_type,
        severity=severity,
        entity=entity,
        opened_at=now,
        valid_until=None,
        value=value,
        confidence=1.0,
        caused_by="",
        evidence=(evidence,),
    )
