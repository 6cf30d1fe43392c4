"""Outcomes of our own effects come in; deliveries of one more source go out, and the loop closes."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from revloop.contracts.envelope import caused
from revloop.contracts.failures import Reject
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import Delivery, DeliveryMode, Envelope, Outcome, StateRecord
from revloop.contracts.ids import canonical, derive_id
from revloop.stage import Due, Effects, Emit
from services.ingest.core.parsed import ACTION, OWN_CONNECTOR


class OutcomesCore:
    """Stateless: one delivery for each outcome."""

    def keys(self, event: Envelope | Due) -> Sequence[str]:
        """No state."""
        return ()

    def clock_of(self, tenant_id: str) -> str:
        """No timers."""
        return ""

    def step(self, states: Mapping[str, StateRecord], event: Envelope | Due, now: int) -> Effects:
        """The outcome as a delivery, verbatim."""
        if not isinstance(event, Outcome):
            raise Reject("unexpected_event", "Only outcomes come back as deliveries: check schemas/topics.yaml.")
        body = canonical(event)
        delivery = caused(
            Delivery,
            event,
            event_id=derive_id("dlv", event.tenant_id, OWN_CONNECTOR, event.event_id),
            source=OWN_CONNECTOR,
            account_id="",
            connector=OWN_CONNECTOR,
            mode=DeliveryMode.outcome,
            resource=ACTION,
            request="",
            seq=0,
            body=body,
            body_sha256=sha256(body).hexdigest(),
            body_ref="",
            body_bytes=len(body),
            status=0,
        )
        return Effects(emits=(Emit(topics.RAW_DELIVERIES, delivery),))
