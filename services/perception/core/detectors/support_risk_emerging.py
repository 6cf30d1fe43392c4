"""SUPPORT_RISK_EMERGING: severe and old cases, and more of them than before, add up to a risk."""

from revloop.contracts.generated.events import Severity
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
from services.perception.core.facets.cases import load

SEVERE, AGED, VOLUME, SEVERAL_SEVERE = 2, 1, 3, 5
"""Points: for each severe case, each aged one, more cases than before, and two severe ones at a time."""


def look(scene: Scene) -> Look:
    """What the account's cases come to."""
    found = load(scene.view, scene.profile.signals, scene.as_of)
    figures = (
        Figure(name="severe_open", after=found.severe),
        Figure(name="aged_open", after=found.aged),
        Figure(name="opened_14_days", before=found.before, after=found.lately),
    )
    return Look((Finding(figures=figures),), found.next_at)


def judge(figures: Figures, settings: SignalSettings) -> Judged | None:
    """Value: the score."""
    severe, opened = number(figures["severe_open"]), figures["opened_14_days"]
    before, lately = float(opened.before or 0), float(opened.after or 0)
    more = before > 0 and lately * 100 >= before * (100 + settings.support_risk_volume_percent)
    score = SEVERE * severe + AGED * number(figures["aged_open"]) + VOLUME * more + SEVERAL_SEVERE * (severe >= 2)
    fires, medium, high = settings.support_risk_scores
    if score < fires:
        return None
    return Judged(Severity.high if score >= high else Severity.medium if score >= medium else Severity.low, score)


_OPEN: Fields = {"created": "1970-04-11T00:00:00Z", "priority": "2", "status_category": "new"}

DETECTOR = AccountDetector(
    signal_type="SUPPORT_RISK_EMERGING",
    version=1,
    kind=Kind.AGE,
    looks_at=frozenset({Facet.CASES}),
    look=look,
    judge=judge,
    fires=[
        ("two severe ones", [("support_case", 100, _OPEN, "a"), ("support_case", 100, _OPEN, "b")], 101),
        (
            "five old ones",
            [("support_case", 100, {**_OPEN, "priority": "4"}, str(one)) for one in range(5)],
            107,
        ),
    ],
    silent=[
        ("one severe one", [("support_case", 100, _OPEN)], 101),
        ("five young ones", [("support_case", 100, {**_OPEN, "priority": "4"}, str(one)) for one in range(5)], 106),
        (
            "one was resolved",
            [
                ("support_case", 100, _OPEN, "a"),
                ("support_case", 100, _OPEN, "b"),
                ("support_case", 100, {**_OPEN, "status_category": "done"}, "b"),
            ],
            101,
        ),
    ],
)
