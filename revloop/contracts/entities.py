"""What normalised records are: entity types, and the name and type of every field the cores look at."""

from collections.abc import Mapping
from enum import StrEnum


class EntityType(StrEnum):
    """What a record is about; a tenant profile maps each vendor object to one of these."""

    ACCOUNT = "account"
    CONTACT = "contact"
    STAKEHOLDER = "stakeholder"
    OPPORTUNITY = "opportunity"
    CONTRACT = "contract"
    PRODUCT = "product"
    SUPPORT_CASE = "support_case"
    MEETING = "meeting"
    INTERACTION = "interaction"
    USAGE = "usage"
    DEADLINE = "deadline"
    FULFILMENT = "fulfilment"
    USER = "user"
    EVENT = "event"
    ACTION = "action"


HAPPENINGS = frozenset({EntityType.USAGE, EntityType.FULFILMENT})
"""Records of what happened once: they never change, are told in any order, and are not kept one by one."""


class FieldType(StrEnum):
    """Type of a field's value; every field may be null."""

    TEXT = "text"
    ID = "id"
    """Text; a vendor's whole number is written as text."""
    NUMBER = "number"
    FLAG = "flag"
    DAY = "day"
    """``2018-03-01``."""
    MOMENT = "moment"
    """``2018-03-01T00:00:00Z``."""


TEXT, ID, NUMBER = FieldType.TEXT, FieldType.ID, FieldType.NUMBER
FLAG, DAY, MOMENT = FieldType.FLAG, FieldType.DAY, FieldType.MOMENT

FIELDS: Mapping[str, Mapping[str, FieldType]] = {
    EntityType.ACCOUNT: {
        "name": TEXT,
        "domain": TEXT,
        "industry": TEXT,
        "country": TEXT,
        "owner": TEXT,
        "owner_id": ID,
        "status": TEXT,
        "target": FLAG,
        "churned": FLAG,
        "created": MOMENT,
        "parent_id": ID,
    },
    EntityType.CONTACT: {
        "name": TEXT,
        "email": TEXT,
        "title": TEXT,
        "role": TEXT,
        "active": FLAG,
        "created": MOMENT,
        "last_activity": MOMENT,
    },
    EntityType.STAKEHOLDER: {
        "contact_id": ID,
        "role": TEXT,
        "post": ID,
        "active": FLAG,
        "started": DAY,
        "ended": DAY,
        "opportunity_id": ID,
    },
    EntityType.OPPORTUNITY: {
        "name": TEXT,
        "stage": TEXT,
        "stage_since": MOMENT,
        "amount": NUMBER,
        "currency": TEXT,
        "close_date": DAY,
        "created": MOMENT,
        "closed": FLAG,
        "closed_at": MOMENT,
        "won": FLAG,
        "owner": TEXT,
        "owner_id": ID,
        "next_step": TEXT,
        "pipeline": TEXT,
        "forecast_category": TEXT,
        "probability": NUMBER,
    },
    EntityType.CONTRACT: {
        "number": ID,
        "starts": MOMENT,
        "ends": MOMENT,
        "status": TEXT,
        "auto_renew": FLAG,
        "cancelled_at": MOMENT,
        "ended_at": MOMENT,
        "trial": FLAG,
        "interval": TEXT,
        "term_months": NUMBER,
        "amount": NUMBER,
        "plan": TEXT,
    },
    EntityType.PRODUCT: {"name": TEXT, "status": TEXT},
    EntityType.SUPPORT_CASE: {
        "subject": TEXT,
        "status": TEXT,
        "status_category": TEXT,
        "priority": TEXT,
        "created": MOMENT,
        "resolved": MOMENT,
        "reopen_count": NUMBER,
        "escalated": FLAG,
        "sla_breached": FLAG,
        "requester_id": ID,
        "assignee": ID,
        "group": TEXT,
    },
    EntityType.MEETING: {
        "title": TEXT,
        "starts": MOMENT,
        "ends": MOMENT,
        "cancelled": FLAG,
        "location": TEXT,
        "organizer": TEXT,
        "attendees": NUMBER,
        "external_attendees": TEXT,
    },
    EntityType.INTERACTION: {
        "kind": TEXT,
        "direction": TEXT,
        "at": MOMENT,
        "contact_id": ID,
        "contact_email": TEXT,
        "subject": TEXT,
    },
    EntityType.USAGE: {"metric": TEXT, "quantity": NUMBER, "contract": ID, "user_id": ID},
    EntityType.DEADLINE: {"key": ID, "due": MOMENT, "kind": TEXT, "done": FLAG, "subject": TEXT},
    EntityType.FULFILMENT: {"key": ID},
    EntityType.USER: {"name": TEXT, "email": TEXT, "active": FLAG},
    EntityType.EVENT: {"kind": TEXT, "at": MOMENT, "detail": TEXT},
}
"""By entity type; a profile may map more fields, of any scalar type, under names of its own.

``contract.ends`` is the moment from which the contract holds no more: the day after a last day that is named.
``meeting.external_attendees`` are mail addresses, sorted, one blank between two. ``usage.quantity`` is 1 where null.
``deadline.key`` and ``fulfilment.key`` name what was to be delivered and what was.
"""
