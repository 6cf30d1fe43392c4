"""deal_rescue: a close date moved far, or again; the record's next step should be to settle the date with its owner."""

from revloop.contracts.actions import Call
from revloop.contracts.generated.events import FieldChange, Scalar, Severity, Target
from services.decision.core.playbook import Case, Draft, Example, Playbook, at_least, days
from services.decision.core.slips import SLIPPED, Slip, slip_reasons, standing_slip

CRM = "salesforce"
LONGEST_STEP = 255
"""What the CRM's field holds."""


def draft(case: Case) -> Draft | None:
    """Writes the next step of the record; nothing where it says so already, or where the tenant has no such field."""
    slip = standing_slip(case, at_least(Severity.high, case.of(SLIPPED)))
    entity, vendor_object = case.subject.entity, case.vendor_object()
    if slip is None or entity.connector != CRM or "next_step" not in case.profile.vendor_fields(CRM, vendor_object):
        return None
    step, before = _step(case, slip), case.subject.fields.get("next_step")
    if before == step:
        return None
    target = Target(
        system=CRM,
        object=vendor_object,
        object_id=entity.entity_id,
        label=case.label,
        version=case.subject.version,
    )
    change = FieldChange(field="next_step", before=before, after=step)
    return Draft(
        call=Call(kind="crm.update_field", target=target, changes=(change,)),
        title=_title(case, slip),
        why=slip_reasons(case, slip),
        expected_outcome=_expected(case, slip),
        wrong_if=_wrong_if(slip),
        signals=slip.signals,
        needs=("owner", "amount", "close_date", "name"),
        effect=0.7,
    )


def _owner(case: Case) -> str:
    return case.text("owner") or "the owner"


def _title(case: Case, slip: Slip) -> str:
    if slip.passed:
        return f"Agree on a new date with {_owner(case)}: {case.label} slipped to {slip.after}, which has passed"
    return f"Confirm {slip.after} with {_owner(case)}: {case.label} slipped {days(slip.days)}"


def _step(case: Case, slip: Slip) -> str:
    if slip.passed:
        text = f"Agree on a new close date with {_owner(case)}: it moved to {slip.after}, which has passed"
    else:
        text = f"Confirm the close date with {_owner(case)}: it moved {days(slip.days)} to {slip.after}"
    return text[:LONGEST_STEP]


def _expected(case: Case, slip: Slip) -> str:
    if slip.passed:
        return f"{_owner(case)} names a date that holds."
    return f"{_owner(case)} confirms {slip.after}, or names a date that holds."


def _wrong_if(slip: Slip) -> str:
    if slip.passed:
        return "It is done already, and only its stage was not moved on."
    return f"{slip.after} is already agreed with everybody concerned."


_DEAL: dict[str, Scalar] = {
    "name": "Pump station",
    "close_date": "2018-06-30",
    "amount": 5e6,
    "owner": "Ann",
    "next_step": None,
}
_SAID = "Confirm the close date with Ann: it moved 180 days to 2018-06-30"
_FAR = (SLIPPED, Severity.high, 180.0, "close_date", "2018-01-01", "2018-06-30")
_PAST = (SLIPPED, Severity.high, 180.0, "close_date", "2017-01-01", "2017-06-30")
_NEAR = (SLIPPED, Severity.medium, 31.0, "close_date", "2018-05-30", "2018-06-30")

PLAYBOOK = Playbook(
    name="deal_rescue",
    version=1,
    draft=draft,
    drafts=[
        Example(fields=_DEAL, signals=[_FAR]),
        Example(fields=_DEAL, signals=[_FAR, _NEAR]),
        Example(fields={**_DEAL, "close_date": "2017-06-30"}, signals=[_PAST]),
    ],
    silent=[
        Example(fields=_DEAL, signals=[_NEAR]),
        Example(fields={**_DEAL, "next_step": _SAID}, signals=[_FAR]),
        Example(fields={**_DEAL, "close_date": "2017-12-01"}, signals=[_FAR]),
        Example(fields={**_DEAL, "close_date": None}, signals=[_FAR]),
    ],
)
