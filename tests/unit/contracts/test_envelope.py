"""An event built from its cause carries tenant, account, trace and times over; what is given replaces it."""

import pytest

from revloop.contracts.envelope import carried, caused
from revloop.contracts.generated.events import Delivery, DeliveryMode, Tick

CAUSE = Tick(
    event_id="tck_1",
    event_type=Tick.EVENT_TYPE,
    tenant_id="acme",
    account_id="a-1",
    source="clock",
    trace_id="0" * 32,
    caused_by="",
    occurred_at=10,
    observed_at=20,
    clock="wall",
    at=20,
)


def test_what_is_not_given_carries_over() -> None:
    tick = caused(Tick, CAUSE, event_id="tck_2", source="perception", clock="wall", at=30)
    assert tick == Tick(**carried(Tick, CAUSE, event_id="tck_2", source="perception"), clock="wall", at=30)
    assert (tick.tenant_id, tick.account_id, tick.trace_id) == ("acme", "a-1", "0" * 32)
    assert (tick.occurred_at, tick.observed_at, tick.caused_by) == (10, 20, "tck_1")


def test_what_is_given_replaces_it_even_when_it_is_empty() -> None:
    tick = caused(
        Tick,
        CAUSE,
        event_id="tck_2",
        source="ingest",
        account_id="",
        caused_by="",
        occurred_at=0,
        observed_at=0,
        clock="wall",
        at=30,
    )
    assert (tick.account_id, tick.caused_by, tick.occurred_at, tick.observed_at) == ("", "", 0, 0)


def test_the_type_is_that_of_the_class_built_not_of_the_cause() -> None:
    delivery = caused(
        Delivery,
        CAUSE,
        event_id="dlv_1",
        source="ingest",
        connector="jira",
        mode=DeliveryMode.poll,
        resource="issue",
        request="",
        seq=0,
        body=b"",
        body_sha256="",
        body_ref="",
        body_bytes=0,
        status=0,
    )
    assert delivery.event_type == "raw.delivery.v1"


@pytest.mark.parametrize("fields", [{}, {"clock": "wall"}, {"clock": "wall", "at": 1, "speed": 2}])
def test_missing_and_unknown_fields_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        caused(Tick, CAUSE, event_id="tck_2", source="clock", **fields)  # type: ignore[arg-type]  # any name at all
