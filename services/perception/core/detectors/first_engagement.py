"""FIRST_ENGAGEMENT: the first mail, call or meeting ever."""

from revloop.contracts.generated.events import Severity
from revloop.contracts.times import iso
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
)

COUNTER = "engaged"


def look(scene: Scene) -> Look:
    """When the account was first in touch; what was there when a source was first read is no news."""
    view = scene.view
    if COUNTER in view.counters:
        return Look()
    first = min((one for one in view.meetings.values()), key=lambda one: one.at, default=None)
    held = first if first is not None and first.at <= scene.as_of else None
    at = view.engaged_at if held is None or (view.engaged_at or held.at) < held.at else held.at
    if at is None:
        return Look(next_at=first.at if first is not None else None)
    figure = Figure(name="first_engagement", after=iso(at), of=held if held is not None and held.at == at else None)
    return Look((Finding(episode="first", figures=(figure,), counters={COUNTER: 1}, news=scene.news),))


def judge(figures: Figures, settings: SignalSettings) -> Judged | None:
    """No value."""
    return Judged(Severity.high) if figures["first_engagement"].after is not None else None


_DAY = 86_400_000
_MAIL: Fields = {"direction": "incoming_email", "contact_email": "ann@acme.example"}
_OFF: Fields = {"starts": iso(101 * _DAY), "cancelled": True}

DETECTOR = AccountDetector(
    signal_type="FIRST_ENGAGEMENT",
    version=1,
    kind=Kind.EVENT,
    looks_at=frozenset({Facet.ACTIVITY, Facet.MEETINGS}),
    look=look,
    judge=judge,
    ttl_days=lambda settings: settings.first_engagement_ttl_days,
    fires=[
        ("a mail", [("interaction", 100, _MAIL)], 100),
        ("a meeting was held", [("meeting", 100, {"starts": iso(101 * _DAY)})], 101),
    ],
    silent=[
        ("a meeting is planned", [("meeting", 100, {"starts": iso(101 * _DAY)})], 100),
        ("it was called off", [("meeting", 100, _OFF)], 101),
    ],
)
