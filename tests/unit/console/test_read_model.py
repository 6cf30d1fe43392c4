"""What the projector keeps and lets go, as the console's API tells it."""

import asyncio
import csv
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from revloop.contracts.codec import Codec
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import Envelope, SignalChange, SignalChangeKind
from revloop.contracts.times import parse_iso
from revloop.integrations import load_normalisers
from revloop.stores.identity import LocalIssuer, Person
from revloop.streams import Received
from revloop.streams.outputs import outgoing
from revloop.tenants import Registry
from services.console.api import create_api
from services.console.commands import CommandDesk
from services.console.origins import Origins
from services.console.projector import Projector
from services.console.store import ReadModel
from tests.avro import examples
from tests.unit.ingest.desk import PROFILE, Desk, Written, row

SELLER = Person(subject="seller", tenant_id="t", roles=("seller",))


async def _no_order(_: str, __: object) -> None:
    raise AssertionError("nothing is ordered here")


class Console:
    """A projector over a read model of its own, and the API that reads it."""

    def __init__(self, home: Path) -> None:
        model = ReadModel(home / "read_model.sqlite")
        issuer = LocalIssuer(home / "identity")
        self.projector = Projector(model)
        origins = Origins(Registry([PROFILE]), load_normalisers())
        self._api = create_api(model, issuer, CommandDesk(model, issuer, _no_order, lambda: 0), origins)
        self._headers = {"authorization": f"Bearer {issuer.issue(SELLER, int(time.time() * 1000))}"}
        self._offset = 0

    def take(self, *written: Written) -> None:
        """One batch, as a sink would hand it over."""
        records = [record for one in written for emit in one.emits for record in outgoing(emit, Codec(), 0)]
        batch = []
        for record in records:
            event = None if record.value is None else Codec().decode(record.value)
            batch.append(Received(record.topic, record.partition, self._offset, event, record.key))  # type: ignore[arg-type]  # no state is emitted
            self._offset += 1
        self.projector.handle(batch)

    def tell(self, topic: str, *events: Envelope) -> None:
        """A batch of events of one topic."""
        self.projector.handle([Received(topic, 0, 900 + number, event) for number, event in enumerate(events)])

    def get(self, path: str) -> httpx.Response:
        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._api)
            async with httpx.AsyncClient(transport=transport, base_url="http://console") as client:
                return await client.get(path, headers=self._headers)

        found = asyncio.run(answer())
        assert found.status_code == 200, found.text
        return found

    def parked(self) -> list[str]:
        return [one["entity"]["entity_id"].split(":")[-1] for one in self.get("/v1/parked").json()]

    def law_4(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/v1/accounts-of-law-4").json()
        return found


@pytest.fixture
def console(tmp_path: Path) -> Console:
    return Console(tmp_path)


def parked_and_linked() -> tuple[Written, Written]:
    """Two records wait; then one of them is told with its account."""
    desk = Desk()
    return (
        desk.poll(row("006A", account=None), row("006B", account=None)),
        desk.poll(row("006A", version=2, account="ACME")),
    )


def test_a_record_that_found_its_account_waits_no_more(console: Console) -> None:
    first, second = parked_and_linked()
    console.take(first)
    assert len(console.parked()) == 2
    assert all("names no account" in one["reason"] for one in console.get("/v1/parked").json())
    console.take(second)
    [left] = console.parked()
    assert "006B" in left


@pytest.mark.parametrize("split", [False, True])
def test_the_last_word_holds_within_a_batch_and_when_batches_come_again(console: Console, split: bool) -> None:
    first, second = parked_and_linked()
    batches = [(first,), (second,)] if split else [(first, second)]
    for _ in range(2):
        for batch in batches:
            console.take(*batch)
        assert len(console.parked()) == 1


def test_a_tombstone_of_something_else_changes_nothing(console: Console) -> None:
    console.take(parked_and_linked()[0])
    console.projector.handle(
        [
            Received(topics.ACCOUNT_STATES, 0, 900, None, b"t|a|b"),
            Received(topics.RAW_UNRESOLVED, 0, 901, None, b"odd"),
            Received(topics.RAW_UNRESOLVED, 0, 902, None, b"\xff||x"),
        ]
    )
    assert len(console.parked()) == 2


def test_each_row_of_law_4_says_whether_it_adds_up(console: Console) -> None:
    first, second = parked_and_linked()
    console.take(first, second)
    assert [one["adds_up"] for one in console.law_4()] == [True]
    lost = next(d for d in first.dispositions if d.items)
    console.tell(topics.RAW_DISPOSITIONS, msgspec.structs.replace(lost, event_id="dsp_lost", items=9))
    assert [one["adds_up"] for one in console.law_4()] == [False]


ROWS = """\
tenant,account,signal,entity,change,at,severity,value,signal_id
t,ACME,DEAL_STALLED,opp-1,opened,2018-03-02T00:00:00Z,high,30,sig_d
t,ACME,DEAL_STALLED,opp-1,cleared,2018-03-09T00:00:00Z,high,30,sig_d
t,ACME,DEAL_STALLED,opp-1,opened,2018-03-09T00:00:00Z,high,30,sig_e
t,ACME,DEAL_STALLED,opp-2,opened,2018-03-01T00:00:00Z,high,0.5,sig_c
t,ACME,STAGE_REGRESSED,opp-1,happened,2018-03-01T00:00:00Z,low,,sig_b
t,"Berg, Tal & Co",CLOSE_DATE_SLIPPED,opp-9,happened,2018-01-01T00:00:00Z,high,156,sig_a
"""


def signal_of(account: str, kind: str, entity: str, change: str, at: str, severity: str, value: str, name: str) -> Any:
    known = next(event for event in examples() if isinstance(event, SignalChange))
    return msgspec.structs.replace(
        known,
        event_id=f"{name}-{change}",
        tenant_id="t",
        account_id=account,
        signal_type=kind,
        entity=msgspec.structs.replace(known.entity, entity_key=entity),
        change=SignalChangeKind(change),
        observed_at=parse_iso(at),
        severity=type(known.severity)(severity),
        value=float(value) if value else None,
        signal_id=name,
    )


def test_the_export_of_signals_is_what_it_was(console: Console) -> None:
    """The literal header, and rows in the order of tenant, account, signal, entity, time and change."""
    rows = list(csv.reader(ROWS.splitlines()))[1:]
    made = [signal_of(*cells[1:]) for cells in rows]
    console.tell(topics.SIGNALS, *made[::-1])
    assert console.get("/v1/signals.csv").text == ROWS
