"""shrink_review: the amount of a deal fell by much and is still low; a person should look at what became of it."""

from revloop.contracts.actions import Call
from revloop.contracts.generated.events import Scalar, Severity, SignalView, Target
from services.decision.core.playbook import Case, Draft, Example, Playbook, at_least, money, newest, statement
from services.decision.core.ranking import amount

CHANGED = "AMOUNT_CHANGED"


def draft(case: Case) -> Draft | None:
    """One flag a deal, while its amount stands below what it was."""
    fallen = [signal for signal in at_least(Severity.high, case.of(CHANGED)) if _fell(signal)]
    now = amount(case.subject.fields.get("amount"))
    before = _before(newest(fallen)) if fallen else 0.0
    if not fallen or now >= before:
        return None
    share = f"{1 - now / before:.0%}"
    was, stands = money(before, case.profile.currency), money(now, case.profile.currency)
    why = statement(f"The amount fell by {share}, from {was} to {stands}.", fallen, case.evidence("amount"))
    held = f" Its owner is {case.text('owner')}." if case.text("owner") else ""
    return Draft(
        call=Call(
            kind="internal.flag_for_review",
            target=Target(system="workspace", object="flag", object_id="", label=case.label, version=0),
            parameters={"title": f"Look at the amount of {case.label}"[:255], "text": f"{why.text}{held}"[:4000]},
        ),
        title=f"Look at {case.label}: its amount fell by {share} to {stands}",
        why=(why,),
        expected_outcome="Somebody knows what was taken out, and whether it comes back.",
        wrong_if="The deal was split or its scope was cut on purpose.",
        signals=tuple(fallen),
        needs=("name", "owner", "amount"),
        effect=0.4,
    )


def _fell(signal: SignalView) -> bool:
    return signal.value is not None and signal.value < 0 and _before(signal) > 0


def _before(signal: SignalView) -> float:
    return max((amount(item.before) for item in signal.evidence if item.field == "amount"), default=0.0)


_DEAL: dict[str, Scalar] = {"name": "Pump station", "amount": 3e6, "owner": "Ann"}
_HALVED = (CHANGED, Severity.high, -0.5, "amount", 6e6, 3e6)

PLAYBOOK = Playbook(
    name="shrink_review",
    version=1,
    draft=draft,
    drafts=[
        Example(fields=_DEAL, signals=[_HALVED]),
        Example(fields={**_DEAL, "amount": None}, signals=[_HALVED]),
    ],
    silent=[
        Example(fields={**_DEAL, "amount": 7e6}, signals=[_HALVED]),
        Example(fields=_DEAL, signals=[(CHANGED, Severity.medium, -0.1, "amount", 3.3e6, 3e6)]),
        Example(fields=_DEAL, signals=[(CHANGED, Severity.high, 0.5, "amount", 2e6, 3e6)]),
    ],
)
