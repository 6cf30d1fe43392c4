"""HubSpot: CRM v3 list pages of companies, tasks and emails."""

from collections.abc import Sequence

from revloop.simulate.records import Company, Email, Record, Task
from revloop.simulate.wire.form import Json, Poll, Row, stamp

MINUTES = (6 * 60 + 30, 18 * 60 + 30)


def polls() -> list[Poll]:
    """Objects in the order in which they are asked for."""
    return [Poll("hubspot", name, MINUTES, 100, row, _page) for name in ("companies", "tasks", "emails")]


def resource(record: Record) -> str:
    """The object that a record is here, empty for none."""
    return {Company: "companies", Task: "tasks", Email: "emails"}.get(type(record), "")


def row(record: Record) -> Row:
    """One result of the answer."""
    match record:
        case Company():
            return _result(record.id, record.created, record.changed, _company(record))
        case Task():
            return _result(record.id, record.changed, record.changed, _task(record), record.company, "task")
        case Email():
            return _result(record.id, record.changed, record.changed, _email(record), record.company, "email")
    raise TypeError(f"{type(record).__name__} is not kept here")


def _page(rows: Sequence[Row], _at: int) -> Json:
    return {"results": list(rows)}


def _result(record_id: str, created: int, changed: int, properties: Row, company: str = "", kind: str = "") -> Row:
    found: Row = {
        "id": record_id,
        "properties": {
            **properties,
            "hs_object_id": record_id,
            "hs_createdate": stamp(created),
            "hs_lastmodifieddate": stamp(changed),
        },
        "createdAt": stamp(created),
        "updatedAt": stamp(changed),
        "archived": False,
    }
    if company:
        found["associations"] = {"companies": {"results": [{"id": company, "type": f"{kind}_to_company"}]}}
    return found


def _company(company: Company) -> Row:
    return {
        "name": company.name,
        "domain": company.domain,
        "salesforceaccountid": company.account,
        "createdate": stamp(company.created),
        "lifecyclestage": "customer",
    }


def _task(task: Task) -> Row:
    return {
        "hs_task_subject": task.subject,
        "hs_task_status": "NOT_STARTED",
        "hs_task_type": "TODO",
        "hs_timestamp": stamp(task.due),
    }


def _email(email: Email) -> Row:
    return {
        "hs_timestamp": stamp(email.changed),
        "hs_email_subject": email.subject,
        "hs_email_direction": "INCOMING_EMAIL" if email.incoming else "EMAIL",
        "hs_email_from_email": email.sender,
        "hs_email_status": "SENT",
    }
