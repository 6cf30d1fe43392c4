"""What playbooks about moved close dates have in common: the date before, the date now, and the sentences about it."""

from collections.abc import Sequence

import msgspec

from revloop.contracts.generated.events import Scalar, SignalView, Statement
from revloop.contracts.times import DAY_MS, day_of, parse_iso
from services.decision.core.playbook import Case, days, money, newest, statement

SLIPPED = "CLOSE_DATE_SLIPPED"
WORTH_ASKING_DAYS = 7
"""A single slip shorter than this is nothing to ask a person about, however often the date moved before."""


class Slip(msgspec.Struct, frozen=True, kw_only=True):
    """A close date that still stands later than before."""

    signals: tuple[SignalView, ...]
    """Newest last."""
    days: int
    """From the date before the newest of them to the date now."""
    before: str
    after: str
    passed: bool
    """Whether the date now is over already."""


def standing_slip(case: Case, signals: Sequence[SignalView]) -> Slip | None:
    """The newest of ``signals`` that the record still bears out; None when the date came back since."""
    if not signals:
        return None
    signal = newest(signals)
    moved = next((item for item in signal.evidence if item.field == "close_date"), None)
    before = _day(moved.before) if moved else None
    after = _day(case.subject.fields.get("close_date"))
    if before is None or after is None or after <= before:
        return None
    return Slip(
        signals=tuple(sorted(signals, key=lambda one: (one.opened_at, one.signal_id))),
        days=(after - before) // DAY_MS,
        before=day_of(before),
        after=day_of(after),
        passed=after + DAY_MS <= case.now,
    )


def slip_reasons(case: Case, slip: Slip) -> tuple[Statement, ...]:
    """Why now: how far it moved, how often, and what is at stake."""
    last = slip.signals[-1]
    said = [statement(f"The close date moved {days(slip.days)}, from {slip.before} to {slip.after}.", (last,))]
    if slip.passed:
        said.append(statement(f"{slip.after} has passed.", (last,), case.evidence("close_date")))
    if len(slip.signals) > 1:
        since = day_of(slip.signals[0].opened_at)
        said.append(statement(f"It moved {len(slip.signals)} times since {since}.", slip.signals))
    if amount := money(case.subject.fields.get("amount"), case.profile.currency):
        stage = case.text("stage")
        text = f"{amount} depend on it{f'; the stage is {stage}' if stage else ''}."
        said.append(statement(text, (last,), case.evidence("amount", *(("stage",) if stage else ()))))
    return tuple(said)


def _day(value: Scalar) -> int | None:
    if not isinstance(value, str):
        return None
    try:
        return parse_iso(value)
    except ValueError:
        return None
