"""Zendesk: pages of the incremental export of organizations and tickets, with metric sets."""

from collections.abc import Sequence

from revloop.contracts.times import MINUTE_MS, SECOND_MS
from revloop.simulate.keys import number
from revloop.simulate.records import Organization, Record, Ticket
from revloop.simulate.wire.form import Json, Poll, Row, second

SITE = "https://lumenta.zendesk.example/api/v2"
MINUTES = (3 * 60 + 20, 9 * 60 + 20, 15 * 60 + 20, 21 * 60 + 20)
ESCALATED_FIELD, AREA_FIELD = 900001, 900002


def polls() -> list[Poll]:
    """Resources in the order in which they are asked for."""
    return [
        Poll("zendesk", "organizations", MINUTES, 100, row, _organizations),
        Poll("zendesk", "tickets", MINUTES, 100, row, _tickets),
    ]


def resource(record: Record) -> str:
    """The resource that a record is here, empty for none."""
    return {Organization: "organizations", Ticket: "tickets"}.get(type(record), "")


def row(record: Record) -> Row:
    """One object of the answer."""
    match record:
        case Organization():
            return _organization(record)
        case Ticket():
            return _ticket(record)
    raise TypeError(f"{type(record).__name__} is not kept here")


def _organizations(rows: Sequence[Row], at: int) -> Json:
    return _page("organizations", rows, at)


def _tickets(rows: Sequence[Row], at: int) -> Json:
    return _page("tickets", rows, at)


def _page(name: str, rows: Sequence[Row], at: int) -> Json:
    seconds = at // SECOND_MS
    return {
        name: list(rows),
        "next_page": f"{SITE}/incremental/{name}.json?start_time={seconds}",
        "count": len(rows),
        "end_of_stream": True,
        "end_time": seconds,
    }


def _organization(organization: Organization) -> Row:
    return {
        "url": f"{SITE}/organizations/{organization.id}.json",
        "id": int(organization.id),
        "name": organization.name,
        "external_id": organization.account if organization.linked else None,
        "created_at": second(organization.created),
        "updated_at": second(organization.changed),
        "domain_names": [organization.domain],
        "details": None,
        "notes": None,
        "group_id": None,
        "shared_tickets": False,
        "shared_comments": False,
        "tags": [],
        "organization_fields": {},
    }


def _ticket(ticket: Ticket) -> Row:
    solved = None if ticket.solved is None else (ticket.solved - ticket.created) // MINUTE_MS
    return {
        "url": f"{SITE}/tickets/{ticket.id}.json",
        "id": int(ticket.id),
        "external_id": None,
        "via": {"channel": "email"},
        "created_at": second(ticket.created),
        "updated_at": second(ticket.changed),
        "type": "incident",
        "subject": ticket.subject,
        "priority": ticket.priority,
        "status": ticket.status,
        "requester_id": number(12, "requester", ticket.requester),
        "assignee_id": None,
        "organization_id": int(ticket.organization),
        "group_id": 360001,
        "tags": [],
        "custom_fields": [
            {"id": ESCALATED_FIELD, "value": ticket.escalated},
            {"id": AREA_FIELD, "value": None},
        ],
        "metric_set": {
            "ticket_id": int(ticket.id),
            "created_at": second(ticket.created),
            "solved_at": None if ticket.solved is None else second(ticket.solved),
            "reopens": ticket.reopens,
            "full_resolution_time_in_minutes": {"calendar": solved, "business": None},
        },
    }
