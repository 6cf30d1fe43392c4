"""NO_MEETING_IN_21_DAYS: an account that had a meeting has had none for three weeks; one signal for each silence."""

from revloop.contracts.generated.events import AccountView, Severity
from revloop.contracts.times import DAY_MS, iso
from revloop.tenants import Profile
from services.perception.core.contracts import in_renewal_window
from services.perception.core.detector import AccountDetector, Condition, Facet, Figure, Holds


def condition(view: AccountView, profile: Profile, as_of: int) -> Condition:
    """Value: days after which it opens."""
    held = [at for at in view.meetings.values() if at <= as_of]
    to_come = [at for at in view.meetings.values() if at > as_of]
    if not held:
        return Condition(next_at=min(to_come, default=None))
    days, last = profile.signals.no_meeting_days, max(held)
    if as_of < last + days * DAY_MS:
        return Condition(next_at=min((last + days * DAY_MS, *to_come)))
    holds = Holds(
        severity=Severity.high if in_renewal_window(view, profile, as_of) else Severity.medium,
        fields=(),
        value=float(days),
        episode=iso(last),
        figures=(Figure(name="last_meeting", after=iso(last)),),
    )
    return Condition(holds=(holds,), next_at=min(to_come, default=None))


_DAY = 86_400_000


def _on(day: int) -> str:
    return iso(day * _DAY)


DETECTOR = AccountDetector(
    signal_type="NO_MEETING_IN_21_DAYS",
    version=1,
    looks_at=frozenset({Facet.MEETINGS, Facet.CONTRACTS}),
    condition=condition,
    fires=[
        ("three weeks", [("meeting", 100, {"starts": _on(100)})], 121),
        (
            "the next one is only planned",
            [("meeting", 100, {"starts": _on(100)}), ("meeting", 101, {"starts": _on(130)})],
            121,
        ),
    ],
    silent=[
        ("a day less", [("meeting", 100, {"starts": _on(100)})], 120),
        ("never met", [("contract", 100, {"number": "1"})], 121),
        ("met again", [("meeting", 100, {"starts": _on(100)}), ("meeting", 101, {"starts": _on(121)})], 121),
        ("called off", [("meeting", 100, {"starts": _on(100), "cancelled": True})], 121),
    ],
)
