"""MEETING_UPCOMING: a meeting with people from outside starts within a day; over when it starts or is called off."""

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import HOUR_MS, iso, parse_iso
from services.perception.core.detector import Condition, Fields, Holds, StateDetector, View

EVIDENCE = ("starts", "external_attendees", "cancelled")


def condition(fields: Fields, view: View, as_of: int) -> Condition:
    """Value: hours before it starts from which on it is near."""
    starts, outside = fields.get("starts"), fields.get("external_attendees")
    if not isinstance(starts, str) or not outside or fields.get("cancelled") is True:
        return Condition()
    at, hours = parse_iso(starts), view.profile.signals.meeting_upcoming_hours
    if as_of >= at:
        return Condition()
    if as_of < at - hours * HOUR_MS:
        return Condition(next_at=at - hours * HOUR_MS)
    near = Holds(severity=Severity.low, fields=EVIDENCE, value=float(hours), episode=starts)
    return Condition(holds=(near,), next_at=at)


_DAY = 86_400_000
_SOON: Fields = {"starts": iso(2 * _DAY), "external_attendees": "ann@acme.example"}

DETECTOR = StateDetector(
    signal_type="MEETING_UPCOMING",
    version=1,
    entity_types=frozenset({"meeting"}),
    by_age=True,
    condition=condition,
    fires=[("tomorrow", None, _SOON, _DAY), ("in an hour", None, _SOON, 2 * _DAY - 3_600_000)],
    silent=[
        ("the day after tomorrow", None, _SOON, _DAY - 1),
        ("it starts", None, _SOON, 2 * _DAY),
        ("among ourselves", None, {"starts": iso(2 * _DAY), "external_attendees": None}, _DAY),
        ("called off", None, {**_SOON, "cancelled": True}, _DAY),
    ],
)
