"""SUPPORT_SEV2_AGING: a severe case is not resolved after 24, 48 and 72 hours."""

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import HOUR_MS, parse_iso
from services.perception.core.detector import Condition, Fields, Holds, StateDetector, View

STEPS = (Severity.medium, Severity.high, Severity.critical)
DONE = "done"
EVIDENCE = ("priority", "status", "created")


def condition(fields: Fields, view: View, as_of: int) -> Condition:
    """Value: the age step reached, in hours; rises with time until the case is done or downgraded."""
    settings, created = view.profile.signals, fields.get("created")
    severe = str(fields.get("priority")) in settings.severe_priorities
    if not severe or fields.get("status_category") == DONE or not isinstance(created, str):
        return Condition()
    born, reached = parse_iso(created), -1
    for step, hours in enumerate(settings.support_sev2_aging_hours):
        if as_of < born + hours * HOUR_MS:
            return Condition(holds=_holds(settings.support_sev2_aging_hours, reached), next_at=born + hours * HOUR_MS)
        reached = step
    return Condition(holds=_holds(settings.support_sev2_aging_hours, reached))


def _holds(hours: tuple[int, ...], reached: int) -> tuple[Holds, ...]:
    if reached < 0:
        return ()
    return (Holds(severity=STEPS[reached], fields=EVIDENCE, value=float(hours[reached])),)


_DAY, _CREATED = 86_400_000, "1970-01-01T00:00:00Z"

DETECTOR = StateDetector(
    signal_type="SUPPORT_SEV2_AGING",
    version=1,
    entity_types=frozenset({"support_case"}),
    by_age=True,
    condition=condition,
    fires=[
        ("a day old", None, {"priority": "2", "status_category": "new", "created": _CREATED}, _DAY),
        ("three days old", None, {"priority": "1", "status_category": "indeterminate", "created": _CREATED}, 3 * _DAY),
    ],
    silent=[
        ("an hour short", None, {"priority": "2", "status_category": "new", "created": _CREATED}, _DAY - 3_600_000),
        ("done", None, {"priority": "1", "status_category": "done", "created": _CREATED}, _DAY),
        ("not severe", None, {"priority": "3", "status_category": "new", "created": _CREATED}, _DAY),
    ],
)
