"""DATA_QUALITY: a critical field is empty, a date impossible, an amount wrong; one signal for each fault."""

from revloop.contracts.entities import EntityType
from revloop.contracts.generated.events import Severity
from revloop.contracts.times import iso, parse_iso
from services.perception.core.detector import Condition, Fields, Holds, StateDetector, View

Fault = tuple[str, tuple[str, ...]]
"""(name, fields that show it)."""


def condition(fields: Fields, view: View, as_of: int) -> Condition:
    """No value; the episode names the fault. Judged as of the record, not of the clock: time alone repairs nothing."""
    of_deal = view.entity_type == EntityType.OPPORTUNITY
    faults = [*_close_date(fields, view), *_amount(fields, of_deal=of_deal), *_created(fields, view), *_order(fields)]
    return Condition(holds=tuple(Holds(severity=Severity.low, fields=shown, episode=fault) for fault, shown in faults))


def _close_date(fields: Fields, view: View) -> list[Fault]:
    if "close_date" not in fields:
        return []
    date = fields["close_date"]
    if date is None:
        return [("close_date_missing", ("close_date",))]
    late = isinstance(date, str) and date > view.profile.signals.latest_plausible_date
    return [("close_date_implausible", ("close_date",))] if late else []


def _amount(fields: Fields, *, of_deal: bool) -> list[Fault]:
    """A deal is worth something; a contract may be free, and cost no less than nothing."""
    if "amount" not in fields:
        return []
    amount = fields["amount"]
    if not isinstance(amount, float):
        return [("amount_missing", ("amount",))] if of_deal else []
    if of_deal:
        return [("amount_not_positive", ("amount",))] if amount <= 0 else []
    return [("amount_negative", ("amount",))] if amount < 0 else []


def _created(fields: Fields, view: View) -> list[Fault]:
    created = fields.get("created")
    if not isinstance(created, str) or created <= iso(view.occurred_at):
        return []
    return [("created_after_record", ("created",))]


def _order(fields: Fields) -> list[Fault]:
    starts, ends = fields.get("starts"), fields.get("ends")
    if not isinstance(starts, str) or not isinstance(ends, str) or parse_iso(starts) <= parse_iso(ends):
        return []
    return [("ends_before_start", ("starts", "ends"))]


DETECTOR = StateDetector(
    signal_type="DATA_QUALITY",
    version=1,
    entity_types=frozenset({"contract", "meeting", "opportunity", "support_case"}),
    by_age=False,
    condition=condition,
    fires=[
        ("no close date", None, {"close_date": None, "amount": 5.0}, 0),
        ("the year 2099", None, {"close_date": "2099-01-01"}, 0),
        ("negative amount", None, {"amount": -3.0}, 0),
        ("over before it begins", None, {"starts": "1970-01-02T00:00:00Z", "ends": "1970-01-01T00:00:00Z"}, 0),
        ("created tomorrow", None, {"created": "1970-01-02T00:00:00Z"}, 0),
    ],
    silent=[("sound", None, {"close_date": "2018-01-01", "amount": 10.0, "created": "1970-01-01T00:00:00Z"}, 0)],
)
