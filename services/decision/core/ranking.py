"""Drafts come in; they go out with value, urgency and confidence, each computed from records, best first."""

from collections.abc import Iterable, Sequence

import msgspec

from revloop.contracts.generated.events import Scalar, Severity, SignalView
from revloop.contracts.times import DAY_MS
from services.decision.core.playbook import Case, Draft

SEVERITY = {Severity.low: 0.25, Severity.medium: 0.5, Severity.high: 0.8, Severity.critical: 1.0}
FADES_IN_MS = 30 * DAY_MS
"""News of this age or older keeps half of its urgency."""
FULL_VALUE_ZEROS = 10
"""An amount with so many zeros, in the tenant's currency, has the full value; half as many, half of it. The scale is
the same for all accounts: a list over many of them can be sorted by it, and no other deal changes this one's value."""
UNKNOWN_VALUE = 0.5
LEAST_TRUST = 0.5
"""Confidence that stays when none of the needed fields is there."""


Record = tuple[str, str, str]
"""Connector, entity type and id."""


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """A draft with its factors, each 0..1."""

    play: str
    case: Case
    draft: Draft
    value: float
    urgency: float
    confidence: float

    @property
    def score(self) -> float:
        """value x urgency x confidence."""
        return round(self.value * self.urgency * self.confidence, 4)


def weigh(play: str, case: Case, draft: Draft) -> Ranked:
    """``draft`` with its factors, as if nothing else were done about the record."""
    return Ranked(
        play=play,
        case=case,
        draft=draft,
        value=round(_value(case) * draft.effect, 4),
        urgency=round(_urgency(draft.signals, case.now), 4),
        confidence=round(_confidence(draft, case), 4),
    )


def best_first(ranked: Iterable[Ranked], limit: int) -> list[Ranked]:
    """The best ``limit``, one for each record and kind; a further one on a record counts for what the first leaves."""
    groups: dict[Record, list[Ranked]] = {}
    for one in sorted(ranked, key=_order):
        groups.setdefault(_record(one), []).append(one)
    return sorted((one for group in groups.values() for one in _marginal(group)), key=_order)[:limit]


def amount(value: Scalar) -> float:
    """A positive amount, else 0."""
    return max(0.0, float(value)) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _marginal(best_first: Sequence[Ranked]) -> list[Ranked]:
    """What one action protects, the next one does not protect again."""
    left, chosen = 1.0, dict[str, Ranked]()
    for one in best_first:
        if one.draft.call.kind not in chosen:
            chosen[one.draft.call.kind] = msgspec.structs.replace(one, value=round(one.value * left, 4))
            left *= 1.0 - one.draft.effect
    return list(chosen.values())


def _order(one: Ranked) -> tuple[float, str, Record]:
    return (-one.score, one.play, _record(one))


def _record(one: Ranked) -> Record:
    entity = one.case.subject.entity
    return (entity.connector, entity.entity_type, entity.entity_id)


def _value(case: Case) -> float:
    if own := amount(case.subject.fields.get("amount")):
        return _zeros(own) / FULL_VALUE_ZEROS
    severe = case.profile.signals.severe_priorities
    if (priority := case.text("priority")) in severe:
        return 1.0 - 0.25 * severe.index(priority)
    return UNKNOWN_VALUE


def _zeros(amount: float) -> float:
    """Zeros of ``amount``, straight from one power of ten to the next: a logarithm would differ between machines."""
    whole = len(str(int(amount))) - 1
    power: int = 10**whole
    return min(max(0.0, whole + (amount / power - 1) / 9), FULL_VALUE_ZEROS)


def _urgency(signals: Sequence[SignalView], now: int) -> float:
    return max(SEVERITY[signal.severity] * _recency(now - signal.opened_at) for signal in signals)


def _recency(age_ms: int) -> float:
    return 1.0 - 0.5 * min(max(age_ms, 0) / FADES_IN_MS, 1.0)


def _confidence(draft: Draft, case: Case) -> float:
    present = sum(case.subject.fields.get(field) not in (None, "") for field in draft.needs)
    share = present / len(draft.needs) if draft.needs else 1.0
    return min(signal.confidence for signal in draft.signals) * (LEAST_TRUST + (1 - LEAST_TRUST) * share)
