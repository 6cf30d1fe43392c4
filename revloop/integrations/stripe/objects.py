"""How Stripe's own objects are read; amounts are in the minor unit of the currency, times are Unix seconds."""

from collections.abc import Mapping

from revloop.contracts.entities import EntityType
from revloop.integrations.record import ObjectMapping

CUSTOMER = "stripe/customer"
PRICE = "items.data.0.price"

OBJECTS: Mapping[str, ObjectMapping] = {
    "customer": ObjectMapping(
        entity_type=EntityType.ACCOUNT,
        account="id",
        names={"domain": "email | domain"},
        fields={"name": "name", "domain": "email | domain", "created": "created | unix"},
    ),
    "subscription": ObjectMapping(
        entity_type=EntityType.CONTRACT,
        via={CUSTOMER: "customer"},
        fields={
            "number": "id",
            "starts": "start_date | unix",
            "ends": "current_period_end | unix",
            "status": "status",
            "auto_renew": "cancel_at_period_end | not",
            "cancelled_at": "canceled_at | unix",
            "ended_at": "ended_at | unix",
            "trial": "is_trialing",
            "interval": f"{PRICE}.recurring.interval",
            "amount": f"{PRICE}.unit_amount",
            "plan": f"{PRICE}.nickname",
        },
    ),
    "invoice": ObjectMapping(
        entity_type=EntityType.EVENT,
        via={CUSTOMER: "customer"},
        fields={"kind": "billing_reason", "at": "created | unix", "detail": "status"},
    ),
}
