"""support_recovery: a severe case stays open too long; a person should look at it."""

from revloop.contracts.actions import Call
from revloop.contracts.generated.events import Severity, Target
from services.decision.core.playbook import Case, Draft, Example, Playbook, newest, statement

AGING = "SUPPORT_SEV2_AGING"


def draft(case: Case) -> Draft | None:
    """One flag a case."""
    aging = case.of(AGING)
    if not aging:
        return None
    worst = newest(aging)
    key, priority = case.subject.entity.entity_key, case.text("priority")
    hours = f"{worst.value:.0f} hours" if worst.value is not None else "too long"
    since = f"Case {key}{f' of priority {priority}' if priority else ''} is open for {hours} or more"
    holder = next((field for field in ("assignee", "group") if case.text(field)), "assignee")
    text = f"{since}, held by {case.text(holder) or 'nobody'}."
    return Draft(
        call=Call(
            kind="internal.flag_for_review",
            target=Target(system="workspace", object="flag", object_id="", label=case.label, version=0),
            parameters={"title": f"Look at case {key}", "text": text},
        ),
        title=f"Look at case {key}{f' (priority {priority})' if priority else ''}: open for {hours} or more",
        why=(statement(text, aging, case.evidence(holder)),),
        expected_outcome=f"Case {key} is resolved, or its priority is set to what it deserves.",
        wrong_if="The case is waiting for the customer, or is solved and not yet closed.",
        signals=tuple(aging),
        needs=("priority", "status", "assignee"),
        effect=0.7,
    )


_CASE = {"priority": "2", "status": "Active", "assignee": "ann"}

PLAYBOOK = Playbook(
    name="support_recovery",
    version=1,
    draft=draft,
    drafts=[
        Example(
            fields=_CASE,
            signals=[(AGING, Severity.high, 48.0, "priority", None, "2")],
            entity_type="support_case",
            connector="jira",
        )
    ],
    silent=[
        Example(
            fields=_CASE,
            signals=[("DATA_QUALITY", Severity.low, None, "created", None, "2099-01-01")],
            entity_type="support_case",
            connector="jira",
        )
    ],
)
