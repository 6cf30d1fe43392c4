"""NO_MEETING_IN_21_DAYS: an account that had a meeting has had none for three weeks; one signal for each silence."""

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import DAY_MS, iso
from revloop.tenants import SignalSettings
from services.perception.core.detector import (
    AccountDetector,
    Facet,
    Fields,
    Figure,
    Figures,
    Finding,
    Judged,
    Kind,
    Look,
    Scene,
    number,
)
from services.perception.core.facets.contracts import renewal_near


def look(scene: Scene) -> Look:
    """The silence since the last meeting held."""
    as_of, meetings = scene.as_of, scene.view.meetings.values()
    to_come = [one.at for one in meetings if one.at > as_of]
    last = max((one for one in meetings if one.at <= as_of), key=lambda one: one.at, default=None)
    if last is None:
        return Look(next_at=min(to_come, default=None))
    opens = last.at + scene.profile.signals.no_meeting_days * DAY_MS
    if as_of < opens:
        return Look(next_at=min((opens, *to_come)))
    near, changes = renewal_near(scene.view, scene.profile, as_of)
    silence = Finding(
        episode=iso(last.at),
        figures=(
            Figure(name="last_meeting", after=iso(last.at), of=last),
            Figure(name="days_since", after=(as_of - last.at) // DAY_MS, of=last),
            Figure(name="renewal_near", after=near),
        ),
    )
    return Look((silence,), min((*to_come, *changes), default=None))


def judge(figures: Figures, settings: SignalSettings) -> Judged | None:
    """Value: days after which it opens."""
    if number(figures["days_since"]) < settings.no_meeting_days:
        return None
    near = figures["renewal_near"].after is True
    return Judged(Severity.high if near else Severity.medium, float(settings.no_meeting_days))


_DAY = 86_400_000


def _on(day: int) -> str:
    return iso(day * _DAY)


_OFF: Fields = {"starts": _on(100), "cancelled": True}

DETECTOR = AccountDetector(
    signal_type="NO_MEETING_IN_21_DAYS",
    version=1,
    kind=Kind.AGE,
    looks_at=frozenset({Facet.MEETINGS, Facet.CONTRACTS}),
    look=look,
    judge=judge,
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
        ("called off", [("meeting", 100, _OFF)], 121),
    ],
)
