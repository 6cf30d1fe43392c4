"""data_repair: a record is incomplete or impossible; somebody should mend it at its source."""

from revloop.contracts.actions import Call
from revloop.contracts.generated.events import Scalar, Severity, SignalView, Target
from services.decision.core.playbook import Case, Draft, Example, Playbook, statement

FAULTY = "DATA_QUALITY"
MIDNIGHT = "T00:00:00Z"
"""A source that knows only the day writes it so."""
NAMES = {"created": "creation date"}
WRONG = {
    "created": "is later than the record itself",
    "close_date": "is too far away to be meant",
    "amount": "is not above zero",
}


def draft(case: Case) -> Draft | None:
    """One task a record, naming every faulty field."""
    faults = sorted(case.of(FAULTY), key=_field)
    if not faults:
        return None
    fields = list(dict.fromkeys(_field(fault) for fault in faults))
    named = " and ".join(map(_named, fields))
    why = tuple(statement(_sentence(fault), (fault,)) for fault in faults)
    entity = case.subject.entity
    text = f"{entity.entity_type} {entity.entity_key} in {entity.connector}: {' '.join(one.text for one in why)}"
    return Draft(
        call=Call(
            kind="internal.create_task",
            target=Target(system="workspace", object="task", object_id="", label=case.label, version=0),
            parameters={"title": f"Mend the {named} of {case.label}"[:255], "text": text},
        ),
        title=f"Mend the {named} of {case.label}",
        why=why,
        expected_outcome=f"The record has a plausible {named}, and the doubt about it is cleared.",
        wrong_if="The value is right as it stands in the source.",
        signals=tuple(faults),
        needs=("name",),
        effect=0.3,
    )


def _field(fault: SignalView) -> str:
    return fault.evidence[0].field if fault.evidence else "record"


def _named(field: str) -> str:
    return NAMES.get(field, field.replace("_", " "))


def _sentence(fault: SignalView) -> str:
    field = _field(fault)
    value: Scalar = fault.evidence[0].after if fault.evidence else None
    if value is None:
        return f"Its {_named(field)} is missing."
    shown = value.removesuffix(MIDNIGHT) if isinstance(value, str) else value
    return f"Its {_named(field)}, {shown}, {WRONG.get(field, 'cannot be right')}."


_MISSING = (FAULTY, Severity.low, None, "close_date", None, None)
_LATE = (FAULTY, Severity.low, None, "close_date", None, "2099-01-01")

PLAYBOOK = Playbook(
    name="data_repair",
    version=1,
    draft=draft,
    drafts=[
        Example(fields={"close_date": None}, signals=[_MISSING]),
        Example(fields={"close_date": "2099-01-01", "name": "Pump station"}, signals=[_LATE]),
    ],
    silent=[Example(fields={}, signals=[("STAGE_CHANGED", Severity.low, None, "stage", "Design", "Construction")])],
)
