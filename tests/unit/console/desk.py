"""A console over a read model of its own: the projector takes events, people ask over HTTP."""

import asyncio
import time
from pathlib import Path

import httpx

from revloop.contracts.generated.events import Command, Envelope
from revloop.integrations import load_normalisers
from revloop.memory.store import Memory
from revloop.stores.identity import LocalIssuer, local_people
from revloop.streams import Received
from revloop.tenants import Registry
from services.console.api import create_api
from services.console.commands import CommandDesk
from services.console.origins import Origins
from services.console.projector import Projector
from services.console.store import ReadModel
from tests.loops import PROFILES


class Console:
    """The projector and the API over one file."""

    def __init__(self, folder: Path, tenants: tuple[str, ...] = ("t", "other"), memory: Memory | None = None) -> None:
        self.model = ReadModel(folder / "read_model.sqlite")
        self._projector = Projector(self.model)
        issuer = LocalIssuer(folder / "identity")
        origins = Origins(Registry.load(PROFILES), load_normalisers())
        desk = CommandDesk(self.model, issuer, _refuse, lambda: 0)
        self.app = create_api(self.model, issuer, desk, origins, memory)
        now, people = int(time.time() * 1000), local_people(tenants)
        issuer.write_tokens(people, now)
        self._tokens = {one.tenant_id: issuer.issue(one, now) for one in people}

    def take(self, *events: Envelope) -> None:
        """One batch from the spine."""
        self._projector.handle([Received("topic", 0, place, event) for place, event in enumerate(events)])

    def get(self, path: str, *, tenant: str = "t", **query: str) -> httpx.Response:
        """One question over HTTP; a query's name may end in an underscore where Python has the word."""
        return asyncio.run(self._get(path, tenant, {name.rstrip("_"): value for name, value in query.items()}))

    async def _get(self, path: str, tenant: str, query: dict[str, str]) -> httpx.Response:
        headers = {"authorization": f"Bearer {self._tokens[tenant]}"}
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://console", headers=headers) as client:
            return await client.get(path, params=query)


async def _refuse(_topic: str, _command: Command) -> None:
    raise AssertionError("nobody gives an order here")
