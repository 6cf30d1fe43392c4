"""Stripe: webhook events of customers and subscriptions."""

from revloop.contracts.times import DAY_MS, SECOND_MS
from revloop.simulate import words
from revloop.simulate.keys import stripe_id
from revloop.simulate.records import Contract, Customer, Record
from revloop.simulate.wire.form import Json, Push, Row

VERSION = "2023-10-16"


def push(record: Record) -> Push | None:
    """The event that a record causes, None for no event."""
    match record:
        case Customer():
            return _event("customer.created", record.changed, _customer(record))
        case Contract() if record.in_billing:
            return _event(f"customer.subscription.{_what(record)}", record.changed, _subscription(record))
    return None


def _what(contract: Contract) -> str:
    if contract.over is not None:
        return "deleted"
    return "created" if contract.changed == contract.signed else "updated"


def _event(kind: str, at: int, found: Row) -> Push:
    body: Json = {
        "id": stripe_id("evt", kind, str(found["id"]), at),
        "object": "event",
        "api_version": VERSION,
        "created": at // SECOND_MS,
        "type": kind,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "data": {"object": found},
    }
    return Push("stripe", kind, body)


def _customer(customer: Customer) -> Row:
    return {
        "id": customer.id,
        "object": "customer",
        "created": customer.changed // SECOND_MS,
        "email": f"billing@{customer.domain}",
        "name": customer.name,
        "metadata": {"account_id": customer.account},
    }


def _subscription(contract: Contract) -> Row:
    over = None if contract.over is None else contract.over // SECOND_MS
    price: Row = {
        "id": stripe_id("price", contract.plan, contract.amount),
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "nickname": contract.plan,
        "recurring": {"interval": "year", "interval_count": 1, "usage_type": "licensed"},
        "type": "recurring",
        "unit_amount": contract.amount * 1200,
    }
    item: Row = {
        "id": stripe_id("si", contract.id),
        "object": "subscription_item",
        "price": price,
        "quantity": contract.seats,
    }
    return {
        "id": stripe_id("sub", contract.id),
        "object": "subscription",
        "customer": contract.customer,
        "status": "active" if over is None else "canceled",
        "start_date": _seconds(contract.starts),
        "created": contract.signed // SECOND_MS,
        "current_period_start": _seconds(contract.ends - 365),
        "current_period_end": _seconds(contract.ends),
        "cancel_at_period_end": False,
        "canceled_at": over,
        "ended_at": over,
        "items": {"object": "list", "data": [item], "has_more": False},
        "metadata": {"contract_number": contract.id, "seller": words.OWN_DOMAIN},
    }


def _seconds(day: int) -> int:
    return day * DAY_MS // SECOND_MS
