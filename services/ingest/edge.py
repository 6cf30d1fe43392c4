"""The edge over HTTP: webhooks and delivery files are in Kafka before they are acknowledged; pollers are asked."""

import time
from typing import Annotated, Literal

import msgspec
from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.responses import PlainTextResponse
from starlette.concurrency import run_in_threadpool

from revloop.contracts.failures import Reject, Retry, VendorError
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import Delivery, Tick
from revloop.contracts.times import parse_iso
from revloop.integrations import load_signatures
from revloop.integrations.salesforce.client import SalesforceClient
from revloop.stage import Emit
from revloop.streams import EdgeProducer
from revloop.tenants import Profile, Registry, UnknownTenant
from services.ingest.admission import as_push, limited_body, local_secret, require_signature, require_token
from services.ingest.core.feed import delivery, tick
from services.ingest.core.resolver import WALL
from services.ingest.poll import Clock, Poller
from services.ingest.settings import Settings

DELIVERY_ID_HEADERS = ("x-atlassian-webhook-identifier", "x-delivery-id", "x-request-id")
"""Where vendors put the id that stays the same when they send a delivery again."""
FEED_BODIES = 4
"""A feed holds many deliveries: it may be so many times as long as one body."""
RETRY_AFTER_S = "5"
NO_SNIFFING = {"X-Content-Type-Options": "nosniff"}
"""An answer that repeats what was asked must not be taken for a page by a browser."""


class FeedItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a feed: a delivery, or a tick where ``tick`` is set."""

    at: str
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0
    connector: str = ""
    mode: Literal["webhook", "poll"] = "webhook"
    resource: str = ""
    request: str = ""
    body: str = ""
    status: Annotated[int, msgspec.Meta(ge=0, le=599)] = 0
    tick: bool = False


_feed_item = msgspec.json.Decoder(FeedItem).decode


def create_edge(settings: Settings, registry: Registry, producer: EdgeProducer, clock: Clock) -> FastAPI:
    """The routes of ingest."""
    app = FastAPI(title="Revloop ingest", version="0.1.0", redoc_url=None)
    secret = local_secret(settings.home)
    signatures = load_signatures()
    poller = Poller(producer, _client(settings), clock, settings.max_body_bytes)

    @app.head("/v1/webhooks/{tenant}/{connector}")
    async def known(tenant: str, connector: str) -> None:
        """200 where webhooks are taken: Intercom asks before it sends any."""
        _profile(registry, tenant, connector)

    @app.post("/v1/webhooks/{tenant}/{connector}", status_code=202, response_model=None)
    async def webhook(tenant: str, connector: str, request: Request) -> dict[str, str] | PlainTextResponse:
        """A vendor's push: 202 once it is in Kafka; 200 with what it wants to hear where it only asks whose this is."""
        profile = _profile(registry, tenant, connector)
        body = await limited_body(request, settings.max_body_bytes)
        push = as_push(request, body, settings.public_url, int(time.time() * 1000))
        if answer := signatures[connector].challenge(push):
            return PlainTextResponse(answer, headers=NO_SNIFFING)
        require_signature(profile.connectors[connector], signatures[connector], push, settings.host)
        event = await run_in_threadpool(_pushed, profile, connector, body, request, clock)
        await _send(producer, [event])
        return {"delivery_id": event.event_id}

    @app.post("/v1/feed/{tenant}")
    async def feed(tenant: str, request: Request, authorization: str = Header("")) -> dict[str, int]:
        """Deliveries and ticks of a file, one JSON object a line, in order; answered when Kafka holds them all."""
        require_token(authorization, secret)
        profile = _profile(registry, tenant)
        body = await limited_body(request, settings.max_body_bytes * FEED_BODIES)
        lines = enumerate(body.splitlines(), 1)
        events = [_fed(profile, number, line, settings.max_body_bytes) for number, line in lines if line.strip()]
        await _send(producer, events)
        return {"accepted": len(events)}

    @app.post("/v1/poll/{tenant}/{connector}")
    async def poll(tenant: str, connector: str, authorization: str = Header("")) -> dict[str, int]:
        """Ask the vendor for what changed since the last poll."""
        require_token(authorization, secret)
        profile = _profile(registry, tenant, connector)
        try:
            return {"deliveries": await run_in_threadpool(poller.poll, profile, connector)}
        except Reject as error:
            raise HTTPException(409, error.detail) from error
        except VendorError as error:
            raise HTTPException(502, f"{connector} did not answer: {error}") from error
        except Retry as error:
            raise _not_stored(error) from error

    return app


def _pushed(profile: Profile, connector: str, body: bytes, request: Request, clock: Clock) -> Delivery:
    """The webhook as a delivery at its tenant's clock.

    What tells one delivery from another with the same body is the vendor's id of it, else the moment it came: without
    an id a second try cannot be told from a second event, so it is a delivery of its own, and its items are
    duplicates of their records.
    """
    now = int(time.time() * 1000)
    nonce = next((request.headers[name] for name in DELIVERY_ID_HEADERS if name in request.headers), "")
    event = delivery(
        at=0 if nonce else now,
        seq=0,
        tenant_id=profile.tenant,
        connector=connector,
        mode="webhook",
        resource=request.query_params.get("resource", "issue"),
        request="",
        body=body,
        nonce=nonce,
    )
    return msgspec.structs.replace(event, occurred_at=now, observed_at=clock(profile))


def _client(settings: Settings) -> SalesforceClient | None:
    if not settings.salesforce_url:
        return None
    return SalesforceClient(
        settings.salesforce_url, settings.salesforce_client_id, settings.salesforce_client_secret.get_secret_value()
    )


def _profile(registry: Registry, tenant: str, connector: str | None = None) -> Profile:
    try:
        profile = registry.get(tenant)
    except UnknownTenant as error:
        raise HTTPException(404, error.detail) from error
    if connector is not None and connector not in profile.connectors:
        raise HTTPException(404, f"tenant {tenant!r} has no connector {connector!r}: add it to its profile")
    return profile


def _fed(profile: Profile, number: int, line: bytes, limit_bytes: int) -> Delivery | Tick:
    try:
        item = _feed_item(line)
        at = parse_iso(item.at)
    except (msgspec.DecodeError, ValueError) as error:
        raise HTTPException(422, f"line {number}: {error}") from error
    if at < 0:
        raise HTTPException(422, f"line {number}: {item.at} is before 1970")
    if item.tick:
        if profile.clock_id == WALL:
            raise HTTPException(422, f"line {number}: tenant {profile.tenant} lives on the wall clock: feed no ticks")
        return tick(profile.clock_id, profile.tenant, at)
    body = item.body.encode()
    if len(body) > limit_bytes:
        raise HTTPException(413, f"line {number}: the body has {len(body)} bytes; at most {limit_bytes} are taken")
    return delivery(
        at=at,
        seq=item.seq,
        tenant_id=profile.tenant,
        connector=item.connector,
        mode=item.mode,
        resource=item.resource,
        request=item.request,
        body=body,
        status=item.status,
    )


async def _send(producer: EdgeProducer, events: list[Delivery | Tick]) -> None:
    try:
        await run_in_threadpool(producer.send_emits, [Emit(topics.RAW_DELIVERIES, event) for event in events])
    except Retry as error:
        raise _not_stored(error) from error


def _not_stored(error: Retry) -> HTTPException:
    return HTTPException(503, f"not stored: {error}. Send it again.", {"Retry-After": RETRY_AFTER_S})
