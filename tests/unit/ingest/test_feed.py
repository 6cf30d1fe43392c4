"""Deliveries and ticks stand in one order, and the same bytes at the same place are the same delivery."""

import pytest

from revloop.contracts.generated.events import Delivery
from revloop.contracts.times import DAY_MS, HOUR_MS
from services.ingest.core.feed import delivery, with_ticks


def at(moment: int, seq: int = 1, **other: object) -> Delivery:
    fields = {"tenant_id": "t", "connector": "jira", "mode": "webhook", "resource": "issue", "request": "", **other}
    return delivery(at=moment, seq=seq, body=b"{}", **fields)  # type: ignore[arg-type]  # as given above


def order(moments: list[int], step: int, until: int | None = None) -> list[str]:
    events = with_ticks([at(m, n) for n, m in enumerate(moments)], "file:t", "t", step, until)
    return [f"{'d' if isinstance(e, Delivery) else 't'}{e.observed_at / HOUR_MS:g}" for e in events]


H = HOUR_MS


@pytest.mark.parametrize(
    ("moments", "until", "wanted"),
    [
        ([], None, []),
        ([0], None, ["d0", "t0"]),
        ([H], None, ["d1", "t1"]),
        ([H // 2], None, ["d0.5", "t1"]),
        ([H, H, H], None, ["d1", "d1", "d1", "t1"]),
        ([H, 3 * H], None, ["d1", "t1", "t2", "d3", "t3"]),
        ([H // 2, 3 * H // 2], None, ["d0.5", "t1", "d1.5", "t2"]),
        ([H], 4 * H, ["d1", "t1", "t2", "t3", "t4"]),
        ([H, 3 * H], 2 * H, ["d1", "t1", "t2"]),
        ([H], 5 * H // 2, ["d1", "t1", "t2"]),
        ([3 * H], H, []),
    ],
)
def test_a_tick_runs_after_every_delivery_at_or_before_it(
    moments: list[int], until: int | None, wanted: list[str]
) -> None:
    assert order(moments, HOUR_MS, until) == wanted


def test_days_begin_at_midnight() -> None:
    assert order([DAY_MS + 1], DAY_MS) == [f"d{(DAY_MS + 1) / H:g}", "t48"]


def test_ids_come_from_content_and_place() -> None:
    assert at(1).event_id == at(1).event_id
    others = [at(2), at(1, 2), at(1, tenant_id="u"), at(1, connector="fax"), at(1, mode="poll"), at(1, resource="x")]
    assert len({at(1).event_id, *(other.event_id for other in others)}) == 7
    assert at(1, nonce="a").event_id != at(1, nonce="b").event_id


def test_the_size_and_hash_of_the_body_are_told() -> None:
    assert (at(1).body_bytes, at(1).body) == (2, b"{}")
    assert at(1).body_sha256 == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
