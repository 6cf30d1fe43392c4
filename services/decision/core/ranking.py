"""Drafts come in; they go out with value, urgency and confidence, each computed from records, best first."""

from collections.abc import Iterable, Sequence

import msgspec

from revloop.contracts.generated.events import Scalar, Severity, SignalView, Subject
from revloop.contracts.times import DAY_MS
from services.decision.core.playbook import Case, Draft

SEVERITY = {Severity.low: 0.25, Severity.medium: 0.5, Severity.high: 0.8, Severity.critical: 1.0}
FADES_IN_MS = 30 * DAY_MS
"""News of this age or older keeps half of its urgency."""
UNKNOWN_VALUE = 0.5
LEAST_VALUE = 0.1
LEAST_TRUST = 0.5
"""Confidence that stays when none of the needed fields is there."""


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


def weigh(play: str, case: Case, draft: Draft, largest: float) -> Ranked:
    """``draft`` with its factors; ``largest`` is the largest amount of the account's records."""
    return Ranked(
        play=play,
        case=case,
        draft=draft,
        value=round(_value(case, largest) * draft.effect, 4),
        urgency=round(_urgency(draft.signals, case.now), 4),
        confidence=round(_confidence(draft, case), 4),
    )


def best_first(ranked: Iterable[Ranked], limit: int) -> list[Ranked]:
    """The best ``limit``, one for each record and kind."""
    best: dict[tuple[str, str, str, str], Ranked] = {}
    for one in sorted(ranked, key=lambda one: (-one.score, one.play, one.case.subject.entity.entity_id)):
        entity = one.case.subject.entity
        best.setdefault((entity.connector, entity.entity_type, entity.entity_id, one.draft.call.kind), one)
    return list(best.values())[:limit]


def largest_amount(subjects: Iterable[Subject]) -> float:
    """The largest amount among the records; 0 when none has any."""
    return max((amount(subject.fields.get("amount")) for subject in subjects), default=0.0)


def amount(value: Scalar) -> float:
    """A positive amount, else 0."""
    return max(0.0, float(value)) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _value(case: Case, largest: float) -> float:
    own = amount(case.subject.fields.get("amount"))
    if own and largest:
        return LEAST_VALUE + (1 - LEAST_VALUE) * own / largest
    severe = case.profile.signals.severe_priorities
    if (priority := case.text("priority")) in severe:
        return 1.0 - 0.25 * severe.index(priority)
    return UNKNOWN_VALUE


def _urgency(signals: Sequence[SignalView], now: int) -> float:
    return max(SEVERITY[signal.severity] * _recency(now - signal.opened_at) for signal in signals)


def _recency(age_ms: int) -> float:
    return 1.0 - 0.5 * min(max(age_ms, 0) / FADES_IN_MS, 1.0)


def _confidence(draft: Draft, case: Case) -> float:
    present = sum(case.subject.fields.get(field) not in (None, "") for field in draft.needs)
    share = present / len(draft.needs) if draft.needs else 1.0
    return min(signal.confidence for signal in draft.signals) * (LEAST_TRUST + (1 - LEAST_TRUST) * share)
