"""HTTP in, HTTP out: each request is signed in, answered by the organisation, and made to go wrong where ordered."""

import asyncio
from collections.abc import Mapping, MutableMapping
from http import HTTPStatus
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from standins.salesforce.access import Access
from standins.salesforce.answers import Answer, Call, Json, Refused, no_such_resource, parse_object
from standins.salesforce.clock import http_date
from standins.salesforce.faults import Fault, Faults
from standins.salesforce.org import Org, Preconditions, Writer
from standins.salesforce.rest import Rest
from standins.salesforce.seed import PERSON_USER

MAX_BODY_BYTES = 1_048_576
_MAX_EFFECTS = 10_000

Address = tuple[str, int]
Connections = MutableMapping[Address, asyncio.Transport]


class PersonEdit(BaseModel):
    """An edit as a person would make it in the vendor's own screens."""

    model_config = ConfigDict(extra="forbid")

    object: str
    id: str
    fields: dict[str, str | int | float | bool | None]
    user_id: Annotated[str, Field(min_length=18, max_length=18)] = PERSON_USER


class Controls:
    """The resources under ``/__standin__``: effects, faults, edits by a person, tokens. They need no token."""

    def __init__(self, org: Org, faults: Faults, access: Access) -> None:
        self._org = org
        self._faults = faults
        self._access = access

    def answer(self, call: Call) -> Answer:
        """What the stand-in itself answers; a refusal has the same form as the vendor's."""
        try:
            return self._route(call)
        except Refused as refusal:
            return refusal.answer()
        except ValidationError as error:
            return Refused(400, "BAD_ORDER", str(error)).answer()

    def _route(self, call: Call) -> Answer:
        match call.method, call.path.removeprefix("/__standin__/"):
            case "GET", "health":
                return Answer(200, {"ready": True})
            case "GET", "effects":
                return self._effects(call.query)
            case "GET", "faults":
                return Answer(200, {"faults": self._faults.left(), "carried_out": self._faults.carried_out})
            case "POST", "faults":
                self._faults.order(Fault.model_validate(parse_object(call.body)))
                return Answer(201, {"faults": self._faults.left()})
            case "DELETE", "faults":
                self._faults.clear()
                return Answer(204)
            case "POST", "edit":
                return self._edit(PersonEdit.model_validate(parse_object(call.body)))
            case "DELETE", "tokens":
                return Answer(200, {"ended": self._access.revoke()})
            case _:
                raise no_such_resource()

    def _effects(self, query: Mapping[str, str]) -> Answer:
        after, limit = query.get("after", "0"), query.get("limit", str(_MAX_EFFECTS))
        if not (after.isdecimal() and limit.isdecimal()):
            raise Refused(400, "BAD_ORDER", "after and limit are whole numbers")
        found: list[Json] = list(self._org.store.effects(int(after), min(int(limit), _MAX_EFFECTS)))
        return Answer(200, {"effects": found})

    def _edit(self, edit: PersonEdit) -> Answer:
        self._org.live("User", edit.user_id)
        writer = Writer(user=edit.user_id, method="EDIT")
        self._org.update(edit.object, edit.id, dict(edit.fields), writer, Preconditions())
        return Answer(200, self._org.shown(self._org.live(edit.object, edit.id)))


def tracked_protocol(connections: Connections) -> type[H11Protocol]:
    """The server's protocol that also remembers each connection, so that a fault can cut one."""

    class Tracked(H11Protocol):
        _address: Address | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its parent has it
            super().connection_made(transport)
            self._address = _address_of(transport.get_extra_info("peername"))
            connections[self._address] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if self._address is not None:
                connections.pop(self._address, None)

    return Tracked


def _address_of(peer: tuple[object, ...]) -> Address:
    return str(peer[0]), int(str(peer[1]))


class App:
    """The ASGI application; calls are answered one after the other, so each sees the whole effect of those before."""

    def __init__(self, *, rest: Rest, controls: Controls, org: Org, access: Access, faults: Faults) -> None:
        self.connections: Connections = {}
        self._rest = rest
        self._controls = controls
        self._org = org
        self._access = access
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        try:
            call = await _read(Request(scope, receive))
        except ClientDisconnect:
            return
        except Refused as refusal:
            await self._send(refusal.answer(), send)
            return
        fault = None if call.path.startswith("/__standin__/") else self._faults.take(call.method, call.path)
        if fault is None:
            await self._send(self._answer(call), send)
        else:
            await self._misbehave(fault, call, scope, receive, send)
            self._faults.carried_out += 1

    def _answer(self, call: Call) -> Answer:
        if call.path.startswith("/__standin__/"):
            return self._controls.answer(call)
        if call.path == "/services/oauth2/token":
            return self._access.token(call, self._org.now_ms())
        try:
            user = self._access.admit(call)
        except Refused as refusal:
            return refusal.answer()
        answer = self._limits(call) if call.path.endswith("/limits") else self._rest.answer(call, user)
        return Answer(answer.status, answer.body, {**answer.headers, "Sforce-Limit-Info": self._access.usage_header()})

    def _limits(self, call: Call) -> Answer:
        return Answer(200, self._access.limits()) if call.method == "GET" else no_such_resource().answer()

    async def _misbehave(self, fault: Fault, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind in ("hang", "slow"):
            await asyncio.sleep(fault.seconds)
        refusal = fault.refusal()
        answer = refusal or (Answer(503) if fault.kind == "drop_before" else self._answer(call))
        if fault.kind in ("drop", "drop_before"):
            await self._cut(scope, receive)
            return
        if fault.kind == "late":
            await asyncio.sleep(fault.seconds)
        if fault.kind == "trickle":
            await self._trickle(answer, receive, send, fault.seconds)
        else:
            await self._send(answer, send)

    async def _cut(self, scope: Scope, receive: Receive) -> None:
        """Ends the connection without an answer, and waits until the server has seen it end."""
        transport = self.connections.get(_address_of(tuple(scope["client"])))
        if transport is not None:
            transport.abort()
        while (await receive())["type"] != "http.disconnect":
            continue

    async def _send(self, answer: Answer, send: Send) -> None:
        await self._begin(answer, send)
        await send({"type": "http.response.body", "body": answer.encoded()})

    async def _trickle(self, answer: Answer, receive: Receive, send: Send, pause_s: float) -> None:
        """Sends the body byte by byte until it is whole or the client has gone."""
        await self._begin(answer, send)
        body = answer.encoded()
        for place in range(len(body)):
            await send({"type": "http.response.body", "body": body[place : place + 1], "more_body": True})
            if await _gone_within(receive, pause_s):
                return
        await send({"type": "http.response.body", "body": b""})

    async def _begin(self, answer: Answer, send: Send) -> None:
        headers = {
            "Content-Type": "application/json;charset=UTF-8",
            "Content-Length": str(len(answer.encoded())),
            "Date": http_date(self._org.now_ms()),
            **answer.headers,
        }
        if answer.status == HTTPStatus.NO_CONTENT:
            del headers["Content-Type"], headers["Content-Length"]
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})


async def _gone_within(receive: Receive, seconds: float) -> bool:
    """True as soon as the client has gone, false where it is still there after ``seconds``."""
    try:
        message = await asyncio.wait_for(receive(), seconds)
    except TimeoutError:
        return False
    return bool(message["type"] == "http.disconnect")


async def _read(request: Request) -> Call:
    """The request with its whole body; refused (413) where that is longer than the stand-in takes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Refused(413, "REQUEST_ENTITY_TOO_LARGE", f"The body is longer than {MAX_BODY_BYTES} bytes")
    return Call(
        method=request.method,
        path=str(request.scope["path"]),
        query=dict(request.query_params),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=bytes(body),
    )
