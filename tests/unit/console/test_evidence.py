"""What the console answers of evidence: the body as it came, where each field stood in it, and no other tenant's."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from revloop.contracts import codec
from revloop.contracts.generated.events import Envelope, SignalChange, Snapshot
from revloop.integrations import load_normalisers
from revloop.stores.identity import LocalIssuer, local_people
from revloop.streams import Received
from revloop.tenants import Registry
from services.console.api import create_api
from services.console.app import wall_ms
from services.console.commands import CommandDesk
from services.console.origins import Origins
from services.console.projector import Projector
from services.console.store import ReadModel
from tests.unit.ingest.desk import PROFILE, Desk, page, row
from tests.unit.perception.desk import Desk as Perception

BODY = page(row("006A"), row("006B", StageName="Scoping"))


class Console:
    """The API over a read model that the projector filled."""

    def __init__(self, home: Path) -> None:
        registry = Registry([PROFILE])
        self.model = ReadModel(home / "model.sqlite")
        self._issuer = LocalIssuer(home / "identity")
        desk = CommandDesk(self.model, self._issuer, _sends_nothing, wall_ms)
        self._app = create_api(self.model, self._issuer, desk, Origins(registry, load_normalisers()))

    def take(self, events: Sequence[Envelope]) -> None:
        Projector(self.model).handle([received(event) for event in events])

    def get(self, path: str, tenant: str = "t") -> tuple[int, Any]:
        token = self._issuer.issue(local_people([tenant])[0], wall_ms())
        answer = asyncio.run(self._ask(path, token))
        return answer.status_code, answer.json()

    async def _ask(self, path: str, token: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://console") as client:
            return await client.get(path, headers={"authorization": f"Bearer {token}"})


async def _sends_nothing(topic: str, event: object) -> None:
    raise AssertionError("nobody gives an order here")


def received(event: Envelope) -> Received:
    return Received("", 0, 0, event)


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    found = Console(tmp_path)
    yield found
    found.model.close()


@pytest.fixture
def story(console: Console) -> dict[str, Snapshot]:
    """Two deals of one page, of which the second slips a day later; the snapshots by deal and version."""
    resolver, perception = Desk(), Perception(PROFILE)
    snapshots: list[Snapshot] = []
    later = page(row("006B", 2, CloseDate="2019-03-01"))
    for body in (BODY, later):
        delivered = resolver.body(body)
        written = resolver.handle(delivered)
        snapshots += written.snapshots
        console.take([delivered, *written.snapshots])
    perception.take(*snapshots)
    console.take(perception.said)
    return {f"{one.entity.entity_id}/{number}": one for number, one in enumerate(snapshots)}


def test_the_body_comes_as_it_was_with_the_places_of_each_field(
    console: Console, story: Mapping[str, Snapshot]
) -> None:
    status, answer = console.get(f"/v1/evidence/{story['006B/1'].snapshot_id}")
    assert status == 200
    assert answer["body"].encode() == BODY
    assert answer["fields"]["stage"] == {"path": "StageName", "places": [["records", 1, "StageName"]]}
    assert {name for name, found in answer["fields"].items() if found["places"]} >= {"name", "amount", "close_date"}


def test_a_signal_leads_to_the_fields_that_it_rests_on(console: Console, story: Mapping[str, Snapshot]) -> None:
    changes = console.model.every("t", SignalChange.EVENT_TYPE)
    slipped = next(one for body in changes if (one := codec.decode(body)).signal_type == "CLOSE_DATE_SLIPPED")
    status, items = console.get(f"/v1/signals/{slipped.signal_id}/evidence")
    assert status == 200
    assert ("close_date", story["006B/2"].snapshot_id) in {(one["field"], one["snapshot_id"]) for one in items}
    assert len(items) == len({(one["field"], one["snapshot_id"]) for one in items})


@pytest.mark.parametrize("path", ["/v1/evidence/none", "/v1/signals/sig_none/evidence"])
def test_what_is_not_there_is_told(console: Console, path: str) -> None:
    status, answer = console.get(path)
    assert (status, "no " in answer["detail"]) == (404, True)


def test_another_tenant_sees_nothing_of_it(console: Console, story: Mapping[str, Snapshot]) -> None:
    assert console.get(f"/v1/evidence/{story['006B/1'].snapshot_id}", tenant="other")[0] == 404


def test_a_body_that_the_tenant_reads_no_more_has_no_places(console: Console, story: Mapping[str, Snapshot]) -> None:
    one = story["006A/0"]
    console.take([msgspec.structs.replace(one, event_id="snp_old", snapshot_id="old", item=9)])
    answer = console.get("/v1/evidence/old")[1]
    assert (answer["body"].encode(), answer["fields"]) == (BODY, {})
