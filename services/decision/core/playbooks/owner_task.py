"""owner_task: a deal slipped or went back a stage; its owner should get a task about it in the CRM."""

from revloop.contracts.actions import Call
from revloop.contracts.generated.events import Severity, SignalView, Statement, Target
from revloop.contracts.times import DAY_MS, day_of
from services.decision.core.playbook import Case, Draft, Example, Playbook, at_least, days, newest, statement
from services.decision.core.slips import SLIPPED, WORTH_ASKING_DAYS, Slip, slip_reasons, standing_slip

CRM = "salesforce"
REGRESSED = "STAGE_REGRESSED"
WEEK_MS = 7 * DAY_MS
NOTICE_MS = 2 * DAY_MS
"""A task is never due sooner than this."""


def draft(case: Case) -> Draft | None:
    """One task a deal, whatever went wrong with it; only where the owner is known."""
    slip = _worth_asking(standing_slip(case, at_least(Severity.medium, case.of(SLIPPED))))
    back = case.of(REGRESSED)
    if (slip is None and not back) or case.subject.entity.connector != CRM or not case.text("owner"):
        return None
    signals = (*(slip.signals if slip else ()), *back)
    why = (*_back_reasons(back), *(slip_reasons(case, slip) if slip else ()))
    subject = _subject(case, slip, back)[:255]
    parameters = {
        "subject": subject,
        "description": " ".join(reason.text for reason in why),
        "due_date": _due(case, signals),
        "related_id": case.subject.entity.entity_id,
        **({"owner_id": case.text("owner_id")} if case.text("owner_id") else {}),
    }
    target = Target(system=CRM, object="Task", object_id="", label=case.label, version=0)
    return Draft(
        call=Call(kind="crm.create_task", target=target, parameters=parameters),
        title=f"Ask {case.text('owner')} why {_news(case, slip, back)}",
        why=why,
        expected_outcome=f"{case.text('owner')} has explained the change by {parameters['due_date']}.",
        wrong_if=f"{case.text('owner')} made the change on purpose and the plan is up to date.",
        signals=signals,
        needs=("owner", "owner_id", "amount", "close_date"),
        effect=0.6,
    )


def _worth_asking(slip: Slip | None) -> Slip | None:
    if slip is None or (slip.days < WORTH_ASKING_DAYS and len(slip.signals) == 1):
        return None
    return slip


def _news(case: Case, slip: Slip | None, back: list[SignalView]) -> str:
    if slip is None or back:
        return f"{case.label} went back to {case.text('stage') or 'an earlier stage'}"
    return f"{case.label} slipped {days(slip.days)}"


def _subject(case: Case, slip: Slip | None, back: list[SignalView]) -> str:
    news = _news(case, slip, back)
    if slip is None:
        return f"Explain why {news}"
    return f"Explain why {news} and {'which date will hold' if slip.passed else f'what it takes to keep {slip.after}'}"


def _back_reasons(back: list[SignalView]) -> tuple[Statement, ...]:
    if not back:
        return ()
    signal = newest(back)
    moved = next((item for item in signal.evidence if item.field == "stage"), None)
    text = f"The stage went back from {moved.before} to {moved.after}." if moved else "The stage went back."
    return (statement(text, (signal,)),)


def _due(case: Case, signals: tuple[SignalView, ...]) -> str:
    """Whole weeks after the news, enough to leave notice: the same proposal keeps its day for a week."""
    news = newest(signals).opened_at
    weeks = max(1, -(-(case.now + NOTICE_MS - news) // WEEK_MS))
    return day_of(news + weeks * WEEK_MS)


_DEAL = {"name": "Pump station", "close_date": "2018-06-30", "stage": "Design", "owner": "Ann", "owner_id": "005A"}
_SLIP = (SLIPPED, Severity.medium, 31.0, "close_date", "2018-05-30", "2018-06-30")
_BACK = (REGRESSED, Severity.high, None, "stage", "Construction", "Design")

PLAYBOOK = Playbook(
    name="owner_task",
    version=1,
    draft=draft,
    drafts=[
        Example(fields=_DEAL, signals=[_SLIP]),
        Example(fields=_DEAL, signals=[_BACK]),
        Example(fields=_DEAL, signals=[_SLIP, _BACK]),
    ],
    silent=[
        Example(fields=_DEAL, signals=[(SLIPPED, Severity.low, 1.0, "close_date", "2018-06-29", "2018-06-30")]),
        Example(fields=_DEAL, signals=[(SLIPPED, Severity.medium, 1.0, "close_date", "2018-06-29", "2018-06-30")]),
        Example(fields={**_DEAL, "owner": None}, signals=[_SLIP]),
        Example(fields=_DEAL, signals=[_BACK], connector="jira"),
    ],
)
