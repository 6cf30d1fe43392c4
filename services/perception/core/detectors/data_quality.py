"""DATA_QUALITY: a critical field is empty, a date impossible, an amount not positive; one signal for each fault."""

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import iso
from services.perception.core.detector import Condition, Fields, Holds, StateDetector, View


def condition(fields: Fields, view: View, as_of: int) -> Condition:
    """No value; the episode names the fault. Judged as of the record, not of the clock: time alone repairs nothing."""
    faults = [*_close_date(fields, view), *_amount(fields), *_created(fields, view)]
    return Condition(
        holds=tuple(Holds(severity=Severity.low, fields=(field,), episode=fault) for fault, field in faults)
    )


def _close_date(fields: Fields, view: View) -> list[tuple[str, str]]:
    if "close_date" not in fields:
        return []
    date = fields["close_date"]
    if date is None:
        return [("close_date_missing", "close_date")]
    late = isinstance(date, str) and date > view.profile.signals.latest_plausible_date
    return [("close_date_implausible", "close_date")] if late else []


def _amount(fields: Fields) -> list[tuple[str, str]]:
    if "amount" not in fields:
        return []
    amount = fields["amount"]
    if amount is None:
        return [("amount_missing", "amount")]
    return [("amount_not_positive", "amount")] if isinstance(amount, float) and amount <= 0 else []


def _created(fields: Fields, view: View) -> list[tuple[str, str]]:
    created = fields.get("created")
    if not isinstance(created, str) or created <= iso(view.occurred_at):
        return []
    return [("created_after_record", "created")]


DETECTOR = StateDetector(
    signal_type="DATA_QUALITY",
    version=1,
    entity_types=frozenset({"opportunity", "support_case"}),
    by_age=False,
    condition=condition,
    fires=[
        ("no close date", None, {"close_date": None, "amount": 5.0}, 0),
        ("the year 2099", None, {"close_date": "2099-01-01"}, 0),
        ("negative amount", None, {"amount": -3.0}, 0),
        ("created tomorrow", None, {"created": "1970-01-02T00:00:00Z"}, 0),
    ],
    silent=[("sound", None, {"close_date": "2018-01-01", "amount": 10.0, "created": "1970-01-01T00:00:00Z"}, 0)],
)
